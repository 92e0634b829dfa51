"""Classifiers: models that give two classes to tokens, wrong and right, instead of the next token.

They are trained by finetune_model.py --head classes. Here is what training and scoring share: the folder's
configuration, the tokens that hold an answer, and how a trained folder is loaded. Heavy packages are imported where
they are used.
"""

from collections.abc import Sequence

from yetbetter.errors import UserError
from yetbetter.generation.loading import OWN_CODE, check_folder, loading, read_weights

CLASSES = ("wrong", "right")  # the class of each label, 0 and 1


def holds_classes(architectures: Sequence[str] | None) -> bool:
    """Whether a model with these `architectures` in its config.json has a head of classes."""
    return any(name.endswith("ForTokenClassification") for name in architectures or ())


def with_classes(model: str, config):
    """The configuration, changed to a head of two classes without dropout.

    model: named in messages. Raises UserError for a kind of model that transformers has no such head for.
    """
    from transformers import MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING

    if type(config) not in MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING:
        raise UserError(
            f"model {model}: transformers has no head of classes (token classification) for {config.model_type!r}"
        )
    config.id2label = dict(enumerate(CLASSES))
    config.label2id = {name: number for number, name in enumerate(CLASSES)}
    config.classifier_dropout = 0.0
    return config


def head_names(model) -> list[str]:
    """The names of the layers after the base model, such as `score`."""
    return [
        name
        for name, layer in model.named_children()
        if name != model.base_model_prefix and next(layer.parameters(), None) is not None
    ]


def load_classifier(folder: str, **options):
    """(tokenizer, model in evaluation mode) of a checkpoint of finetune_model.py --head classes.

    The model's logits are [rows, length, 2]: of wrong and right. Text is encoded as in training: `encode_ends`. Rows
    are padded at the right. options: for transformers' from_pretrained, such as dtype (default: the checkpoint's).
    Raises UserError for a folder without such a head, or one that cannot be loaded.
    """
    from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer

    check_folder(folder)
    with loading(folder):
        config = AutoConfig.from_pretrained(folder, **OWN_CODE)
        if not holds_classes(config.architectures) or config.num_labels != len(CLASSES):
            raise UserError(
                f"model {folder}: has no head of {len(CLASSES)} classes, as finetune_model.py --head classes makes it"
            )
        tokenizer = AutoTokenizer.from_pretrained(folder, **OWN_CODE)
        tokenizer.padding_side = "right"
        options = {"dtype": "auto", "config": config} | options
        model = read_weights(folder, None, kind=AutoModelForTokenClassification, **options)
    return tokenizer, model.eval()


def encode_ends(
    tokenizer, texts: Sequence[str], ends: Sequence[Sequence[int]]
) -> list[tuple[list[int], list[int | None]]]:
    """For every text its token ids and, for each of its ends, the index of the token that is classified.

    ends: offsets in characters, exclusive. An end's token is the one that holds the character before the end; of
    several, such as the bytes of a character, the last; if the tokenizer drops that character, the last token before
    it. None if there is no such token. No EOS is added: only tokens up to the last end count, and none of them sees it.
    Raises UserError for a tokenizer that does not tell which characters a token holds.
    """
    if not tokenizer.is_fast:
        raise UserError(
            f"model {tokenizer.name_or_path}: its tokenizer does not tell which characters a token holds; one with a"
            " tokenizer.json does"
        )
    encoded = tokenizer(list(texts), return_offsets_mapping=True, return_attention_mask=False)
    found = []
    for number, ids in enumerate(encoded["input_ids"]):
        # Tokens that the tokenizer itself adds hold no characters: they belong to no sequence.
        added, offsets = encoded.sequence_ids(number), encoded["offset_mapping"][number]
        starts = [(start, index) for index, (start, _) in enumerate(offsets) if added[index] is not None]
        places: list[int | None] = []
        for end in ends[number]:
            places.append(max((index for start, index in starts if start < end), default=None))
        found.append((ids, places))
    return found
