"""What is entered in 連携設定 is taken or refused, whatever it is."""

from dataclasses import replace

import pytest

from console.screens.settings_form import Entered, Values, check
from shopsync_contracts.events import SyncSettings, TaxDefaults

NOW = Values(SyncSettings(), TaxDefaults())


@pytest.mark.parametrize("rate", ["0" * 10 + "101", "9" * 5_000, "101", "-1", "1.5"])
def test_a_rate_that_is_none_is_refused(rate):
    checked = check(replace(Entered.of(NOW), rate=rate), NOW)
    assert (checked.values, list(checked.errors)) == (None, ["rate"])


def test_leading_zeros_are_no_fault():
    values = check(replace(Entered.of(NOW), rate="008"), NOW).values
    assert values is not None
    assert values.tax.rate_percent == 8
