import pytest

from shopsync_rehearsals.bench.publisher.traffic import Call, busy_span, rate_used


def calls(*rows):
    return [Call(at, "s", operation, status) for at, operation, status in rows]


def test_calls_at_exactly_the_rate_use_all_of_it():
    found = calls(*((number / 10, "create_product", 200) for number in range(51)))

    span = busy_span(found)
    assert span is not None
    assert rate_used(found, 10.0, span) == pytest.approx(1.0)
    assert rate_used(found[::2], 10.0, span) == pytest.approx(0.5)


def test_waiting_for_reviews_after_the_last_push_is_no_unused_rate():
    found = calls((0.0, "upload_image", 200), (0.1, "create_product", 200), (5.0, "get_product", 200))

    assert busy_span(found) == (0.0, 0.1)
    assert rate_used(found, 10.0, (0.0, 0.1)) == pytest.approx(1.0)


def test_a_shop_that_pushed_nothing_or_once_was_never_busy():
    assert busy_span([]) is None
    assert busy_span(calls((1.0, "get_product", 200))) is None
    assert busy_span(calls((1.0, "create_product", 200))) is None


@pytest.mark.parametrize(
    ("status", "refused", "failed"), [(429, True, False), (503, False, True), (0, False, True), (200, False, False)]
)
def test_refused_and_failed_calls(status, refused, failed):
    call = Call(0, "s", "create_product", status)

    assert (call.refused, call.failed) == (refused, failed)
