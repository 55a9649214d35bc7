import shopsync_contracts


def test_the_public_names_are_exactly_these():
    assert sorted(shopsync_contracts.__all__) == sorted(
        [
            "CONTENT_TYPE", "TOPICS", "ContractError", "EmptyValue", "Event", "KeyMismatch", "NotCloudEvent", "NotJson",
            "ProductBody", "ShopBody", "TopicSpec", "UnexpectedType", "UnknownType", "WrongShape", "describe",
            "new_event", "parse", "topic_of",
        ]
    )  # fmt: skip
    assert all(hasattr(shopsync_contracts, name) for name in shopsync_contracts.__all__)
