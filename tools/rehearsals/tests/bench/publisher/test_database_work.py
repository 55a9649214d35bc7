from shopsync_rehearsals.bench.publisher.database_work import counted, since


def test_only_commands_of_services_count():
    table = {
        "<UNKNOWN>": 3,
        "find": {"failed": 0, "total": 7},
        "hello": {"failed": 0, "total": 90},
        "replSetHeartbeat": {"failed": 0, "total": 5},
        "_killOperations": {"failed": 0, "total": 1},
    }
    assert counted(table) == {"find": 7}


def test_what_was_added_is_told_most_frequent_first():
    assert since({"find": 7, "update": 2, "delete": 4}, {"find": 8, "update": 9, "delete": 4, "insert": 2}) == {
        "update": 7,
        "insert": 2,
        "find": 1,
    }
