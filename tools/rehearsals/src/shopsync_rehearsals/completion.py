"""What TikTok Shop asks for and futureshop does not know, as the TikTok sandbox accepts it for socks."""

from shopsync_contracts.events import Attribute, AttributeValue

SOCKS = "601234"
BRAND = "7080000000000000001"
ATTRIBUTES = (
    Attribute(id="100701", values=(AttributeValue(id="1007011"),)),
    Attribute(id="100398", values=(AttributeValue(id="1001001"),)),
)
