"""Each convention finds the answer that the text states last, and stops before the model runs on."""

import pytest

from yetbetter.grading import CONVENTIONS, extract_answer


@pytest.mark.parametrize(
    ("convention", "text", "answer"),
    [
        ("boxed", r"So $x = \boxed{\frac{1}{2}}$.", r"\frac{1}{2}"),
        ("boxed", r"\boxed{1} no, \boxed{2}.", "2"),
        ("boxed", r"\boxed{1} and $\boxed{2}$", "2"),
        ("boxed", r"\boxed{5} and then \boxed{}", "5"),
        ("boxed", r"\boxed{5} and then \boxed{6", "5"),
        ("boxed", r"\boxed{\boxed{5}}", "5"),
        ("boxed", r"\fbox{7}", "7"),
        ("boxed", r"\boxed 8$", "8"),
        ("boxed", r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        ("boxed", "no box", None),
        ("boxed", r"\boxed{}", None),
        ("boxed", "\\boxed{1}\n\nProblem:\nNext \\boxed{2}", "1"),
        ("boxed", "Question 1: yes.\n\nQuestion 2: no.\nSo \\boxed{3}.", "3"),
        ("boxed", "So \\boxed{3}.\n\nProblem 2:\n\\boxed{4}", "3"),
        ("minerva", "Final Answer: The final answer is $x^2$. I hope it is correct.", "$x^2$"),
        (
            "minerva",
            "Final Answer: The final answer is 3.5. I hope it is correct.\nProblem:\nThe final answer is 4.",
            "3.5",
        ),
        ("minerva", "The final answer is: $24$.", "$24$"),
        ("minerva", r"Thus $\boxed{24}$, and then it was cut", "24"),
        ("minerva", "nothing", None),
        ("gsm8k", "3 + 4 = <<3+4=7>>7\n#### 7", "7"),
        ("gsm8k", "#### 1,234.50", "1,234.50"),
        ("gsm8k", "#### $18.", "18"),
        ("gsm8k", "#### -\\$5", "-5"),
        ("gsm8k", "#### 18 dollars", "18"),
        ("gsm8k", "#### 25%", "25"),
        ("gsm8k", "#### 7 million dollars", "7 million dollars"),
        ("gsm8k", "#### 7\n\nQ: and now?\n#### 9", "7"),
        ("gsm8k", "#### 1\n#### 2", "2"),
        ("gsm8k", "So 7.\nA: 7", "7"),
        ("gsm8k", "So 7. The answer is 7.", "7"),
        ("gsm8k", "####", None),
        (
            "the_answer_is",
            "The answer is $\\begin{pmatrix} 1 \\\\\n2 \\end{pmatrix}$.",
            "$\\begin{pmatrix} 1 \\\\\n2 \\end{pmatrix}$",
        ),
        ("the_answer_is", "The answer is **12**.", "12"),
        ("the_answer_is", "The answer is 12.<|im_end|>The answer is 13.", "12"),
        ("any", r"$\boxed{1}$ and $\boxed{2}$", "1, 2"),
        ("any", "so $x = 5$", "x = 5"),
        ("any", "the number is not 10 which is 1,000.99€", "1,000.99"),
        ("any", "2sqrt(3)/5", "2sqrt(3)/5"),
        ("any", "nothing at all", "nothing at all"),
    ],
)
def test_an_answer_is_found_by_its_convention(convention, text, answer):
    assert extract_answer(text, convention) == answer


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_question_at_the_start_of_the_text_cuts_nothing(convention):
    text = "Problem: what is it?\nThe answer is 5\nThe final answer is 5\n#### 5\n\\boxed{5}"
    assert extract_answer(text, convention) == "5"
