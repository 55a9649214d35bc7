import shopsync_contracts
from shopsync_contracts.events import ProductEdited


def test_the_public_names_are_exactly_these():
    assert sorted(shopsync_contracts.__all__) == sorted(
        [
            "CONTENT_TYPE",
            "TOPICS",
            "ContractError",
            "EmptyValue",
            "Event",
            "KeyMismatch",
            "NotCloudEvent",
            "NotJson",
            "PlainEvent",
            "ProductBody",
            "ShopBody",
            "TooLarge",
            "TopicSpec",
            "UnexpectedType",
            "UnknownType",
            "WrongShape",
            "bulk_edit_part_id",
            "describe",
            "new_event",
            "parse",
            "topic_of",
        ]
    )
    assert all(hasattr(shopsync_contracts, name) for name in shopsync_contracts.__all__)


def test_the_ids_of_a_bulk_edits_parts_never_change():
    """After an update of one side, a repeat must still be recognised as the same message."""
    found = shopsync_contracts.bulk_edit_part_id("b-1", "A-1", ProductEdited)
    assert found == "3dc43162-2b14-5b4a-a9d9-b0dcb5b41937"
