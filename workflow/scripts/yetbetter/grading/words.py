"""English words in answers: how they differ from products of letters, and which of them change a value."""

import itertools
import re

from yetbetter.grading.names import FUNCTIONS, GREEK, listed

# Words of two letters that are answers; any other two letters are a product.
SHORT = listed("no on up go do so ox")
# Variables are multiplied in the alphabet's order: abc, xyz, mn. Few words have their letters in this order.
IN_ORDER = re.compile(r"a?b?c?d?k?l?m?n?p?q?r?s?t?u?v?w?x?y?z?")
SPELT_IN_ORDER = listed("act ant any ans art arm amt buy dry cry pry try")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
RUN = re.compile(r"[^\W\d_]+")
VOWEL = re.compile("[aeiouy]")
# In a sentence with one of these, the number is not the answer.
DENYING = listed(
    """
    not never or either wrong incorrect impossible cannot least most maybe perhaps half
    hundred thousand million billion trillion dozen hundreds thousands millions billions trillions dozens
    """
)
# Directly before a number, these show that it is not the value: "less than 5".
COMPARING = listed("than between under over above below exceeding exceeds minus negative")
AUXILIARIES = listed(
    "is are was were do does did has have had ca wo would could should must need ai"
)  # of "isn't", "cannot"
COUNTED = listed("as more the a an per each every in because to for since faster larger longer bigger")
# Behind a value these change it, deny it, or leave it open.
CHANGING = listed(
    """
    not no never none nor neither or but except unless maybe perhaps impossible cannot instead too
    hundred hundreds thousand thousands million millions billion billions trillion trillions dozen dozens
    doz lakh crore
    half halves third thirds fourths fifths sixths sevenths eighths ninths twelfths tenth tenths hundredth
    hundredths thousandth thousandths
    plus minus divided multiplied added subtracted raised root choose mod modulo base remainder negative below factorial
    percentile pi sqrt infinity infinite inf am pm noon midnight
    """
)
# These change a value only directly behind it: "5 over 4", "20 five", but "miles over two days".
CHANGING_FIRST = listed(
    """
    and over than point zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty
    """
)


def is_word(run: str) -> bool:
    """Whether letters without a blank are a word ("eggs", "no") and not a product of variables ("abc", "xy")."""
    small = run.casefold()
    if len(run) < 3:
        return small in SHORT
    if small in GREEK or small in FUNCTIONS or not VOWEL.search(small):
        return False
    return small in SPELT_IN_ORDER or not (IN_ORDER.fullmatch(small) or "".join(sorted(small)) in ALPHABET)


def words_of(text: str) -> list[str]:
    """The words of a text in lower case; "o'clock" and "don't" are one word each, "p.m." is "pm"."""
    return RUN.findall(text.casefold().replace("'", "").replace("\u2019", "").replace(".m.", "m"))


def is_contracted_denial(word: str) -> bool:
    """Whether this is "isnt" or "cant", as `words_of` spells "isn't" and "can't"."""
    return word.endswith("nt") and word[:-2] in AUXILIARIES


def denies(words: list[str]) -> bool:
    """Whether a sentence with these words does not state the number in it ("cannot be", "isn't", "at least")."""
    return any(word in DENYING or is_contracted_denial(word) for word in words)


def changes_value(words: list[str]) -> bool:
    """Whether a phrase behind a value changes it ("million", "or more", "is wrong")."""
    if words[:1] and words[0] in CHANGING_FIRST:
        return True
    if any(word in CHANGING or is_contracted_denial(word) for word in words):
        return True
    if words[-1:] in (["wrong"], ["incorrect"], ["false"]):
        return True
    pairs = list(itertools.pairwise(words))
    if ("at", "least") in pairs or ("at", "most") in pairs:
        return True
    # "3 times" counts something, "3 times as many" too; "3 times x" is a product.
    return any(word == "times" and behind not in COUNTED for word, behind in pairs)
