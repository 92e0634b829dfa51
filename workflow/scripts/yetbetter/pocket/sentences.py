"""Short texts about animals, for the data set `requests`: their words, and how a text with given parts is written."""

import random
from dataclasses import dataclass

ANIMALS = (
    "bear", "bee", "bird", "cat", "cow", "crab", "deer", "dog", "duck", "fish", "fox", "frog",
    "goat", "hen", "horse", "lion", "mouse", "owl", "pig", "sheep", "snail", "swan", "whale", "wolf",
)  # fmt: skip
ADJECTIVES = ("big", "brown", "calm", "fast", "gray", "happy", "loud", "old", "quiet", "shy", "small", "young")
FOODS = ("berries", "bread", "cheese", "corn", "fruit", "grass", "honey", "milk", "nuts", "rice", "seeds", "soup")
PLACES = ("barn", "beach", "bridge", "forest", "garden", "hill", "house", "lake", "road", "river", "tower", "village")
TIMES = ("spring", "summer", "autumn", "winter")
FOOD_VERBS = ("eats", "likes", "wants")
PLACE_VERBS = ("lives", "plays", "sleeps")
VERBS = (*FOOD_VERBS, *PLACE_VERBS)
MARKER = "P.S."
# Words of the sentences that are in no table.
FIXED = ("The", "the", "It", "it", "In", "is", "near", "and")


@dataclass(frozen=True)
class Parts:
    """What a text must have.

    sentences: how many, if the keywords need no more. bullets: as many, one sentence each; 0 for running text.
    postscript: one more sentence. keywords: each in a sentence of its own, the first ones. verbs: that it may use.
    ending: its last words.
    """

    sentences: int
    bullets: int = 0
    title: bool = False
    postscript: bool = False
    quoted: bool = False
    commas: bool = True
    ending: str = ""
    keywords: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS

    @property
    def possible(self) -> bool:
        """Whether a text can have all of them: a bullet must start its line, and hold one keyword at most."""
        return not self.bullets or (len(self.keywords) <= self.bullets and (self.title or not self.quoted))


def write_text(topic: str, parts: Parts, rng: random.Random) -> str:
    """A text about a topic, such as `small bird`."""
    count = (parts.bullets or max(parts.sentences, len(parts.keywords))) + parts.postscript
    wanted: list[str | None] = rng.sample(parts.keywords, len(parts.keywords))
    wanted += [None] * (count - len(wanted))
    body = [_sentence(word, None if place else topic, parts, rng) for place, word in enumerate(wanted)]
    if parts.postscript:
        body[-1] = f"{MARKER} {body[-1]}"
    body[: parts.bullets] = [f"* {one}" for one in body[: parts.bullets]]
    text = ("\n" if parts.bullets else " ").join(body)
    text += f" {parts.ending}" if parts.ending else ""
    text = f"<<The {topic}>>\n{text}" if parts.title else text
    return f'"{text}"' if parts.quoted else text


def _sentence(word: str | None, topic: str | None, parts: Parts, rng: random.Random) -> str:
    """One sentence. word: a food or a place that it holds, if any. topic: its subject, else `it`."""
    subject = f"the {topic}" if topic else "it"
    verbs = [
        verb
        for verb in parts.verbs
        if word is None or (verb in FOOD_VERBS and word in FOODS) or (verb in PLACE_VERBS and word in PLACES)
    ]
    if word is None and rng.random() < 0.3:
        text = f"{subject} is {_series(None, ADJECTIVES, parts, rng)}."
    else:
        verb = rng.choice(verbs)
        tail = _series(word, FOODS, parts, rng) if verb in FOOD_VERBS else f"near the {word or rng.choice(PLACES)}"
        text = f"{subject} {verb} {tail}."
        if rng.random() < 0.3:
            text = f"in {rng.choice(TIMES)}{',' if parts.commas else ''} {text}"
    return f"{text[0].upper()}{text[1:]}"


def _series(word: str | None, words: tuple[str, ...], parts: Parts, rng: random.Random) -> str:
    """`honey`, `honey and nuts`, or with a comma `corn, honey and nuts`; one of them is the given word."""
    length = rng.choices((1, 2, 3), (5, 3, 2 if parts.commas else 0))[0]
    found = rng.sample([other for other in words if other != word], length)
    if word:
        found[rng.randrange(length)] = word
    return " and ".join(filter(None, (", ".join(found[:-1]), found[-1])))
