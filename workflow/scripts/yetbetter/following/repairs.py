"""The known defects of IFEval's checkers, each mended in a subclass of the official one (docs/instructions.md).

1. keywords:letter_frequency counts a random letter, drawn for each check, if the one asked for is not a letter
   (keys 1122 and 1129 ask for # and !).
2. language:response_language, and the two of English in one case: a text whose language cannot be recognised counts as
   followed.
3. length_constraints:nth_paragraph_first_word counts the paragraphs that are not blank and looks among all of them.
4. change_case:english_capital recognises the language of the capitals themselves, which langdetect takes for another.
"""

import re
from types import ModuleType

LETTERS, LANGUAGE = "keywords:letter_frequency", "language:response_language"
PARAGRAPH = "length_constraints:nth_paragraph_first_word"
CAPITAL, LOWERCASE = "change_case:english_capital", "change_case:english_lowercase"


def repaired(official: dict[str, type], langdetect: ModuleType) -> dict[str, type]:
    """name -> the repaired checker, of those with a known defect. official: all checkers by name."""

    def language_of(text: str) -> str | None:
        try:
            return langdetect.detect(text)
        except langdetect.LangDetectException:
            return None

    class Letters(official[LETTERS]):
        def build_description(self, *, letter=None, **arguments):
            description = super().build_description(letter=letter, **arguments)
            if letter and len(letter.strip()) == 1:
                self._letter = letter.strip().lower()
            return description

    class Language(official[LANGUAGE]):
        def check_following(self, value):
            return language_of(value) == self.get_instruction_args()["language"]

    class Paragraph(official[PARAGRAPH]):
        def check_following(self, value):
            return super().check_following("\n\n".join(filter(str.strip, re.split("\n\n", value))))

    class Capital(official[CAPITAL]):
        def check_following(self, value):
            return value.isupper() and language_of(value.lower()) == "en"

    class Lowercase(official[LOWERCASE]):
        def check_following(self, value):
            return value.islower() and language_of(value) == "en"

    return {LETTERS: Letters, LANGUAGE: Language, PARAGRAPH: Paragraph, CAPITAL: Capital, LOWERCASE: Lowercase}
