"""AsyncAPI 3 documents: of the whole system as others see it, and of each service.

They are made from the topics, the models and the running applications (`make generated`), and travel with the package.
"""

from importlib.resources import files
from typing import Literal

Document = Literal["shopsync", "ingestor", "catalog", "publisher", "janitor", "console"]


def published(document: Document = "shopsync") -> str:
    """The committed document that is part of this package, as YAML.

    Its payloads refer to the JSON Schemas beside it (`../jsonschemas/…`). `document.in_one_piece` gives one that stands
    alone.
    """
    return files(__package__).joinpath(f"{document}.yaml").read_text(encoding="utf-8")
