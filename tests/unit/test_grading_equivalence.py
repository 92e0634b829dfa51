"""What is equal under which mode."""

import pytest

from yetbetter.grading import LENIENT, STRICT, is_equal, normalise

EQUAL = [
    (r"\dfrac{1}{2}", r"\frac12"),
    ("1/2", "0.5"),
    (r"2\frac{1}{4}", "9/4"),
    ("1 1/2", "3/2"),
    (r"13,\!800", "13800"),
    ("335{,}670", "335,670"),
    ("1 000", "1000"),
    (r"\sqrt{12}", r"2\sqrt{3}"),
    ("sqrt(12)", r"2\sqrt3"),
    (r"\frac{1}{\sqrt{2}}", r"\frac{\sqrt{2}}{2}"),
    (r"\sqrt{3+2\sqrt{2}}", r"1+\sqrt2"),
    (r"\sqrt[3]{-8}", "-2"),
    (r"\sin 30^\circ", r"\frac12"),
    (r"\cos\frac{\pi}{3}", "1/2"),
    (r"\log_2 8", "3"),
    (r"e^{i\pi}", "-1"),
    ("(1+i)^2", "2i"),
    ("5!", "120"),
    (r"\binom{10}{3}", "120"),
    ("x^2+2x+1", "(x+1)^2"),
    (r"\frac{x+2}{7}", r"\frac{x}{7}+\frac{2}{7}"),
    (r"\tan^2 y+1", r"\sec^2(y)"),
    (r"2\sin b\cos a", r"2\cos a\sin b"),
    ("y=2x+3", "2x+3"),
    ("x=5", "5"),
    ("f(x)=x^2", "x^2"),
    ("23 - 4 = 19", "19"),
    (r"x = 3+4 = 7 \approx 7.0", "7"),
    ("2x+4y-3=0", r"y=-\frac12x+\frac34"),
    ("x<1", "-x>-1"),
    (r"x \ge 2", r"[2,\infty)"),
    (r"-2 \le x \le 7", r"x \in [-2,7]"),
    (r"(-\infty,1)\cup(1,\infty)", r"(1,\infty)\cup(-\infty,1)"),
    (r"\mathbb{R}\setminus\{1\}", r"(-\infty,1)\cup(1,\infty)"),
    ("[1,2]\\cup[2,3]", "[1,3]"),
    (r"\left(\frac12, 3\right)", "(0.5,3)"),
    (r"\langle 1,2\rangle", r"\langle 1, 2 \rangle"),
    ("1,2,3", "3,1,2"),
    (r"\{1,2\}", "2, 1"),
    ("1, 2, and 3", "1,2,3"),
    (r"1\text{ and }2", "1,2"),
    (r"1\pm\sqrt{19}", r"1+\sqrt{19}, 1-\sqrt{19}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{bmatrix} 1 \\ 4/2 \end{bmatrix}"),
    (r"\frac15\begin{pmatrix}5\\10\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
    ("2:4", "1:2"),
    (r"27^\circ", "27"),
    (r"28\%", "28 percent"),
    (r"\$36", "36"),
    ("15 cm", r"15\text{ cm}"),
    ("64 square feet", r"64\text{ ft}^2"),
    (r"\text{Evelyn}", "evelyn"),
    (r"\text{(C)}", "C"),
    ("(c)", "C"),
    (r"\text{Even}", "even"),
    ("0.3333333333333333", "1/3"),
    (r"9.736842105263158", r"\frac{185}{19}"),
    ("\u22125", "-5"),
    ("\u200f7\u200e", "7"),
    ("2^{2005}", "2^{2006}/2"),
]
DIFFERENT = [
    ("1/3", "0.33"),
    ("2^{2005}", "2^{2005}+1"),
    (r"\sqrt{2}", "1.41421356"),
    ("(1,2)", "(2,1)"),
    ("[1,2)", "(1,2]"),
    ("(1,2)", "[1,2]"),
    ("1,2", "1,2,3"),
    ("(1,2)", "1,2"),
    ("x", "y"),
    ("x^2", "x^3"),
    (r"\sqrt{x^2}", "x"),
    ("x=5", "y=5"),
    ("5 cm", "5 inches"),
    (r"50\%", "0.5"),
    ("12:00", "1:00"),
    ("204_5", "204"),
    ("204_5", "54"),
    (r"\text{E}", "e"),
    ("AB", "ab"),
    (r"\text{Ned}", r"\text{End}"),
    (r"\pm 5", "5"),
    ("x>5", "x<5"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1 & 2\end{pmatrix}"),
    ("7 million", "7"),
    ("5 is not it", "5"),
    ("7 or more", "7"),
    ("", "0"),
    ("undefined", "0"),
]
LENIENTLY = [
    (r"50\%", "0.5"),
    ("5 cm", "5 inches"),
    ("0.33", "1/3"),
    ("2.6667", r"\frac83"),
    ("1.414", r"\sqrt2"),
    ("1000,99", "1000.99"),
    ("204_5", "204"),
    ("1,2", "(1,2)"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)"),
    ("1:2", "1/2"),
]
NOT_EVEN_LENIENTLY = [
    ("0.3", "1/3"),
    ("5", "6"),
    ("1.42", r"\sqrt2"),
    ("(2,1)", "(1,2)"),
    ("100", "99.999"),
    ("0.2", "50%"),
]


@pytest.mark.parametrize(("answer", "gold"), EQUAL)
def test_equal_answers_are_equal_both_ways_in_both_modes(answer, gold):
    for mode in (STRICT, LENIENT):
        assert is_equal(answer, gold, mode) and is_equal(gold, answer, mode)


@pytest.mark.parametrize(("answer", "gold"), DIFFERENT)
def test_different_answers_are_different_both_ways(answer, gold):
    assert not is_equal(answer, gold) and not is_equal(gold, answer)


@pytest.mark.parametrize(("answer", "gold"), LENIENTLY)
def test_some_answers_are_equal_only_leniently(answer, gold):
    assert not is_equal(answer, gold) and not is_equal(gold, answer)
    assert is_equal(answer, gold, LENIENT) and is_equal(gold, answer, LENIENT)


@pytest.mark.parametrize(("answer", "gold"), NOT_EVEN_LENIENTLY)
def test_lenient_has_its_limits(answer, gold):
    assert not is_equal(answer, gold, LENIENT) and not is_equal(gold, answer, LENIENT)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        (r"\sum_{k=1}^{100000} k", "5000050000"),
        (r"\sum_{k=1}^{\infty}\frac{1}{k^2}", r"\frac{\pi^2}{6}"),
        (r"\int_0^1 x^2 dx", r"\frac13"),
        (r"\lim_{x \to 0}\frac{\sin x}{x}", "1"),
        ("2^{100000}", "4^{50000}"),
    ],
)
def test_a_worker_decides_what_needs_algebra(answer, gold):
    assert is_equal(answer, gold) and is_equal(gold, answer)
    assert not is_equal(answer, gold + "+1")


@pytest.mark.parametrize(
    ("one", "other"), [("0.5", "1/2"), ("Yes", "yes"), (r"$\frac{1}{2}$", "0.5"), ("x + 1", "x+1")]
)
def test_votes_count_one_answer_once(one, other):
    assert normalise(one) == normalise(other)
