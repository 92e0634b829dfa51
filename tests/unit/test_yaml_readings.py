"""What YAML reads in another way than it is meant is reported with what to write instead."""

import pytest
import yaml
from test_config import assert_says, changed, refusal

from yetbetter.errors import UserError
from yetbetter.study.config_files import check_file
from yetbetter.study.yaml_readings import number_meant, quoted, typed


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        ("on: 1", "YAML reads the key on as a truth value (write it in quotes: 'on')"),
        ("No: 1", "YAML reads the key No as a truth value (write it in quotes: 'No')"),
        ("7: 1", "YAML reads the key 7 as a number (write it in quotes: '7')"),
        ("1.5: 1", "YAML reads the key 1.5 as a number (write it in quotes: '1.5')"),
        ("~: 1", "YAML reads the key ~ as no value (write it in quotes: '~')"),
        ("2026-01-31: 1", "YAML reads the key 2026-01-31 as a date (write it in quotes: '2026-01-31')"),
        ("b: 010", "b: YAML reads 010 as the number 8 (octal): write 8, or as text '010'"),
        ("b: 1:30", "b: YAML reads 1:30 as the number 90 (base 60): write 90, or as text '1:30'"),
        ("b: 2:00:00", "b: YAML reads 2:00:00 as the number 7200 (base 60): write 7200, or as text '2:00:00'"),
        ("b: [3, 0777]", "YAML reads 0777 as the number 511 (octal): write 511, or as text '0777'"),
    ],
)
def test_a_key_or_number_that_yaml_misreads_is_reported_with_its_line(tmp_path, line, reading):
    path = tmp_path / "study.yaml"
    path.write_text(f"a:\n  c: 1\n  {line}\n")
    with pytest.raises(UserError) as failure:
        check_file(path)
    assert str(failure.value) == f"{path}:3: {reading}"


@pytest.mark.parametrize(
    "text",
    [
        "'on': 1",
        '"7": 1',
        "a: '010'",
        "a: 0",
        "a: 0x1F",
        "a: 0.5",
        "a: 1_000",
        "a: yes",
        "a: '1:30'",
        "a: 0o17",
        "a: b:c",
    ],
)
def test_what_yaml_reads_as_it_is_meant_is_not_refused(tmp_path, text):
    (tmp_path / "study.yaml").write_text(text)
    check_file(tmp_path / "study.yaml")


RATE = "finetuning.pocket.learning_rates.standard"
CASES = [
    (RATE, "1e-3", "write 1.0e-3"),
    (RATE, "1E-3", "write 1.0e-3"),
    (RATE, "0,001", "write 0.001"),
    (RATE, "1,5", "write 1.5"),
    (RATE, "1,2,3", "is not of type number"),
    ("models.wc.parameters", "8.5e9", "YAML reads 8.5e9 as text: write 8.5e+9"),
    ("models.wc.parameters", "9e9", "write 9.0e+9"),
    ("models.wc.parameters", "150,000", "write 150000"),
    ("models.wc.parameters", "'150000'", "because of its quotes: write 150000"),
    ("models.wc.parameters", "many", "not of type number"),
    ("seed", "1e3", "write 1000"),
    ("seed", "0o17", "write 15"),
    ("seed", "1000.0", "1000.0 is not of type integer; write 1000"),
    (
        "finetuning.pocket.batch_size",
        "yes",
        "True is not of type integer; YAML reads on, yes and true as a truth value",
    ),
    ("seed", "08", "write 8"),
    ("seed", "", "YAML reads null, ~ and an empty place as no value"),
    ("models.wc.chat", "'true'", "because of its quotes: write true"),
    ("models.wc.chat", "y", "YAML reads y as text: write true"),
    ("models.wc.path", "on", "YAML reads on, yes and true as a truth value: write the text in quotes, such as 'on'"),
    ("models.wc.path", "~", "no value"),
    ("models.wc.path", "", "no value"),
    ("models.wc.revision", "1234567", "YAML reads it as a number: write the text in quotes"),
    ("models.wc.revision", "2026-01-31", "2026-01-31 is not of type string; YAML reads it as a date: write"),
    ("sources.wc.filter", "no", "YAML reads off, no and false as a truth value: write the text in quotes"),
    ("finetuning.pocket.deepspeed", "off", "YAML reads off, no and false as a truth value"),
    ("experiments", "", "no value"),
    ("experiments.main.sources", "[on, wc]", "experiments.main.sources.0: True is not of type string; YAML reads on"),
]


@pytest.mark.parametrize(("key", "text", "words"), CASES)
def test_a_value_of_another_type_than_is_meant_is_reported_with_what_to_write(key, text, words):
    assert_says(refusal(changed(key, yaml.safe_load(f"a: {text}")["a"])), key, words)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("8.5e9", 8.5e9),
        ("-2E3", -2e3),
        ("5e-03", 5e-3),
        ("1,000", 1000),
        ("-12,345.5", -12345.5),
        ("0,7", 0.7),
        ("0o17", 15),
        ("08", 8),
    ],
)
def test_the_number_that_a_message_says_to_write_is_read_as_the_one_that_is_meant(text, value):
    assert isinstance(typed(text), str)
    assert typed(number_meant(text, whole=False)) == value


@pytest.mark.parametrize("text", ["a'b", "on", "'", "010"])
def test_quotes_keep_a_text(text):
    assert yaml.safe_load(quoted(text)) == text


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("study", "my study", "Letters, digits, dots and hyphens"),
        ("study", "a" * 65, "64 at most"),
        ("models.wc.resources", {"gpu": 1, "gpu_model": "a 100"}, "letters, digits, dots and underscores"),
        ("finetuning.pocket.lora", {"rank": 2, "targets": ["q_proj,v_proj"]}, "without a comma"),
        ("budgets", {"too low": {"model": "se", "samples": 1}}, "Letters, digits, dots and hyphens"),
    ],
)
def test_a_name_that_does_not_fit_is_reported_in_words_and_not_as_a_pattern(key, value, words):
    message = refusal(changed(key, value))
    assert_says(message, key, "allowed: ", words)
    assert "^" not in message and "does not match" not in message
