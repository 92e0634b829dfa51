"""Where a solution states its answer: prose around it, headings, boxes that are none, and texts that run on."""

import pytest

from yetbetter.grading import CONVENTIONS, CORRECT, INCORRECT, extract_answer, grade

REASONS = [
    " because geometry proves it.",
    ", since 6 * 7 = 42.",
    ", which is 6 times 7.",
    " as we found above.",
    ", the number of clips.",
    " and this completes the proof.",
    " - this follows from symmetry.",
    " (by symmetry).",
    ", not 41.",
    "! Great.",
]


@pytest.mark.parametrize("reason", REASONS)
def test_prose_behind_an_answer_is_no_part_of_it(reason):
    for convention in ("the_answer_is", "any"):
        assert grade(f"The answer is 42{reason}", "42", convention)[1] == CORRECT
        assert grade(f"The answer is $x = 42${reason}", "42", convention)[1] == CORRECT
        assert grade(f"The answer is 43{reason}", "42", convention)[1] == INCORRECT
    assert grade(f"Final Answer: The final answer is $42${reason}", "42", "minerva")[1] == CORRECT


def test_a_sentence_with_one_number_states_it():
    assert grade("So the answer is that Faraday sold 291 sunflowers.", "291", "any")[1] == CORRECT
    for sentence in ("it is not 5", "we need at least 5", "there are 5 or 6", "they cost 5 million"):
        assert grade(f"The answer is {sentence}.", "5", "any")[1] == INCORRECT


def test_a_factorial_is_no_exclamation():
    assert grade("The answer is 5!", "120", "any")[1] == CORRECT


@pytest.mark.parametrize(
    "text", ["so the point is (3, 4).", "the interval is (3,4)", "we find that (3, 4) is it, (3, 4)"]
)
def test_prose_before_a_bracket_leaves_it_whole(text):
    assert grade(text, "(3,4)", "any")[1] == CORRECT


def test_sets_and_unions_at_the_end_are_whole():
    assert grade("the set is {1, 2, 3}", r"\{1,2,3\}", "any")[1] == CORRECT
    assert grade("x lies in (-∞, 2) ∪ (3, ∞)", r"(-\infty,2)\cup(3,\infty)", "any")[1] == CORRECT
    assert grade("so gcd(24, 36) is 12", "12", "any")[1] == CORRECT


@pytest.mark.parametrize(
    "line",
    [
        *(
            "#### Answer: 18",
            "####\n18",
            "####\n\n18 dollars",
            "#### Final Answer\n**18**",
            "#### **18**",
            "#### $18$",
            "####18",
        ),
        *(
            r"#### \boxed{18}",
            "#### The answer is 18.",
            "#### x = 18",
            "#### = 18",
            "#### 18 eggs per day",
            "#### Total: $18",
        ),
        *(
            "#### Janet makes $18 every day",
            "#### 18, as she sells 9",
            "#### 18 (9 x 2)",
            "#### 18 and the steps show it. So.",
        ),
        *("#### 18\n#### Step 2", "#### 18\n#### Step 2: check", "#### Step 1: 4 + 5\n#### 18", "#### 18\n\n####"),
    ],
)
def test_a_line_of_hashes_is_read_with_words_around_its_number(line):
    for convention in ("gsm8k", "any"):
        assert grade("Nine at two dollars.\n" + line, "18", convention)[1] == CORRECT


def test_a_line_of_hashes_with_another_value_is_wrong():
    for line in ("#### 18 million", "#### 18 or 19", "#### 18 and a half", "#### 18 plus 2"):
        assert grade(line, "18", "gsm8k")[1] == INCORRECT


@pytest.mark.parametrize(
    "behind",
    [
        *(
            r"Mark your solution with \boxed",
            r"Put it in \boxed.",
            r"Use \boxed and stop",
            r"Use \boxed{}",
            r"In \boxed{answer}.",
        ),
        *(r"As `\boxed{...}`", r"Write \boxed{\text{your answer}}.", r"\boxed{"),
    ],
)
def test_a_box_that_holds_nothing_is_no_answer(behind):
    for convention in ("boxed", "minerva", "any"):
        assert grade(rf"The total is $\boxed{{36}}$. {behind}", "36", convention)[1] == CORRECT


@pytest.mark.parametrize("content", ["185", r"\frac{1}{2}", r"\{1, 2\}", "x^{2}"])
def test_a_box_whose_closing_brace_is_escaped_is_closed(content):
    for behind in ("$.", "$. So {it} is.", ""):
        assert extract_answer(rf"So $\boxed{{{content}\}}{behind}", "boxed") == content
    assert extract_answer(r"{So $\boxed{185\}$. Done}", "boxed") == "185"
    assert extract_answer(r"So $\boxed{\left. x \right\}}$", "boxed") == r"\left. x \right\}"


def test_neighbouring_boxes_are_a_list_where_the_gold_answer_is_one():
    three = r"The values are $\boxed{3}$, $\boxed{5}$ and $\boxed{7}$."
    for convention in ("boxed", "minerva", "any"):
        assert grade(three, "3, 5, 7", convention)[1] == CORRECT
        assert grade(r"$x = \boxed{3}$ or $x = \boxed{5}$", "3, 5", convention)[1] == CORRECT
        assert grade(r"first \boxed{3}. Later we correct it to \boxed{5}", "3, 5", convention)[1] == INCORRECT
    assert grade(three, "7", "boxed")[1] == CORRECT  # as in MATH, whose gold answer is then the last alone


@pytest.mark.parametrize(
    "comment", ["is correct.", "is shown above.", "is in the box.", "is as follows.", "is therefore correct"]
)
def test_a_comment_on_the_answer_states_none(comment):
    for convention in ("minerva", "any"):
        assert grade(rf"So $\boxed{{36}}$. The final answer {comment}", "36", convention)[1] == CORRECT
    assert grade(f"The answer is 36. The answer {comment}", "36", "the_answer_is")[1] == CORRECT


def test_true_false_and_right_are_answers():
    for word in ("true", "False", "right", "valid"):
        for convention in ("the_answer_is", "any"):
            assert grade(f"The answer is {word}.", word, convention)[1] == CORRECT


@pytest.mark.parametrize("lead", ["therefore", "about", "exactly", "a total of", "approximately"])
def test_a_word_before_the_number_is_no_part_of_it(lead):
    assert grade(f"The final answer is {lead} 42.", "42", "minerva")[1] == CORRECT


def test_an_option_is_its_letter():
    for option in ("option C", "(C)", "option (C)", "C. It is east"):
        assert grade(f"The answer is {option}.", "C", "any")[1] == CORRECT


def test_a_reference_at_the_end_is_no_answer():
    assert grade("We get 30 (see step 2).", "30", "any")[1] == CORRECT


def test_an_answer_may_stand_below_its_statement():
    assert grade("The final answer is:\n\n$5$", "5", "minerva")[1] == CORRECT
    assert grade("The answer is:\n5", "5", "the_answer_is")[1] == CORRECT
    # Of a computation its end is the answer.
    assert grade("The answer is:\n2 + 2\n= 2 * 3\n= 6", "4", "any")[1] == INCORRECT
    assert grade("**Answer:** 5 apples", "5", "any")[1] == CORRECT


MARKS = [
    *(
        "\n\nHuman: next",
        "\nUser: next",
        "\n### Instruction:\nnext",
        "\n\n### Instruction\nnext",
        "\n## Question 2\nnext",
    ),
    *(" [INST] next [/INST]", "<|eot_id|><|start_header_id|>user<|end_header_id|>", "<|im_end|>", "<|user|>", "</s>"),
    *("<end_of_turn>", "<｜end▁of▁sentence｜>", "\n### Input:\nnext", "\n**Problem 2:** next", "\nQ: next"),
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_text_is_cut_where_it_runs_on(mark):
    statement = {"minerva": "Final answer is 5", "boxed": r"\boxed{5}", "gsm8k": "#### 5"}
    for convention in CONVENTIONS:
        stated = statement.get(convention, "The answer is 5")
        assert extract_answer(f"So.\n{stated}{mark} {stated.replace('5', '6')}", convention) == "5"


@pytest.mark.parametrize(
    "header",
    [
        "<|start_header_id|>assistant<|end_header_id|>\n\n",
        "<|im_start|>assistant\n",
        "### Instruction:\n",
        "[/INST] ",
        "<s>",
    ],
)
def test_the_header_of_the_own_turn_cuts_nothing(header):
    assert extract_answer(header + r"So \boxed{5}", "boxed") == "5"
