import json
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest

from shopsync_contracts import parse, topic_of
from shopsync_contracts.events import BODIES
from shopsync_contracts.examples import example
from shopsync_contracts.schemas import file_name

SCHEMAS = Path(__file__).parents[1] / "schemas"

every_type = pytest.mark.parametrize("body", BODIES, ids=lambda body: body.TYPE)


@every_type
def test_the_example_is_read_back_to_the_same_json(body):
    text = example(body)

    event = parse(text.encode(), topic=topic_of(body))

    assert isinstance(event.data, body)
    assert _same_moments(json.loads(event.to_bytes())) == _same_moments(json.loads(text))
    assert parse(event.to_bytes(), key=event.key()) == event


@every_type
def test_the_example_fits_its_json_schema(body):
    schema = json.loads((SCHEMAS / file_name(body)).read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(example(body)))


@every_type
@pytest.mark.parametrize("attribute", ["specversion", "id", "source", "type", "subject", "time", "data"])
def test_schema_and_parser_agree_that_an_attribute_is_required(body, attribute):
    document = json.loads(example(body))
    del document[attribute]
    schema = json.loads((SCHEMAS / file_name(body)).read_text(encoding="utf-8"))

    assert not jsonschema.Draft202012Validator(schema).is_valid(document)
    with pytest.raises(ValueError, match=attribute):
        parse(json.dumps(document).encode())


def _same_moments(document):
    """Timestamps as points in time, since +09:00 and Z may mean the same one."""
    if isinstance(document, dict):
        return {name: _same_moments(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_same_moments(value) for value in document]
    if isinstance(document, str) and len(document) > 18 and document[4] == "-" and document[10] == "T":
        return datetime.fromisoformat(document)
    return document
