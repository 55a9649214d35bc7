"""The CloudEvents 1.0 envelope in structured mode."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import orjson
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WithJsonSchema,
    model_serializer,
)

from shopsync_contracts.fields import Body, ProductNo, RequiredId, ShopKey
from shopsync_contracts.limits import MAX_MEDIA_TYPE, MAX_SUBJECT, MAX_TRACE, MAX_URI
from shopsync_contracts.times import Time

TYPE_PREFIX = "jp.shopsync."
CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"


class ShopBody(Body):
    """A body about one shop. Its subject and Kafka key are the shop key."""

    TYPE: ClassVar[str]
    VERSION: ClassVar[str] = "v1"

    shop_key: ShopKey

    @property
    def subject(self) -> str:
        """Whom the message is about, and its Kafka key."""
        return self.shop_key

    @classmethod
    def wire_type(cls) -> str:
        """The `type` on the wire, such as `jp.shopsync.product.changed.v1`."""
        return f"{TYPE_PREFIX}{cls.TYPE}.{cls.VERSION}"


BodyType = type[ShopBody]


class ProductBody(ShopBody):
    """A body about one product. Its subject and Kafka key are `{shop_key}/{product_no}`."""

    product_no: ProductNo

    @property
    def subject(self) -> str:
        """Whom the message is about, and its Kafka key."""
        return f"{self.shop_key}/{self.product_no}"


def _json_media_type(value: Any) -> Any:
    """Null means unset. Parameters and the case of letters do not matter (RFC 2045, CloudEvents 1.0)."""
    if value is None:
        return _JSON
    if (
        isinstance(value, str)
        and len(value) <= MAX_MEDIA_TYPE
        and value.partition(";")[0].strip(" \t").lower() == _JSON
    ):
        return _JSON
    return value


_JSON: Literal["application/json"] = "application/json"
JsonMediaType = Annotated[
    Literal["application/json"],
    BeforeValidator(_json_media_type),
    WithJsonSchema(
        {
            "anyOf": [
                {
                    "type": "string",
                    "maxLength": MAX_MEDIA_TYPE,
                    "pattern": r"^[ \t]*[Aa][Pp][Pp][Ll][Ii][Cc][Aa][Tt][Ii][Oo][Nn]/[Jj][Ss][Oo][Nn][ \t]*($(?!\n)|;)",
                },
                {"type": "null"},
            ]
        }
    ),
]

B = TypeVar("B", bound=ShopBody)


class Event(BaseModel, Generic[B]):
    """One message: the CloudEvents attributes and a typed body. Immutable."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    specversion: Literal["1.0"] = "1.0"
    id: RequiredId = Field(description="unique per source; a re-delivery carries the same id")
    source: str = Field(
        min_length=1, max_length=MAX_URI, description="URI reference of the publisher, e.g. /shopsync/ingestor"
    )
    type: str
    subject: str = Field(
        min_length=1, max_length=MAX_SUBJECT, description="{shop_key}/{product_no} or {shop_key}, as in the data"
    )
    time: Time
    datacontenttype: JsonMediaType = Field(
        default=_JSON, description="application/json; null is unset, parameters and the case of letters do not matter"
    )
    data: B
    traceparent: str | None = Field(default=None, max_length=MAX_TRACE, description="W3C trace context")

    @model_serializer(mode="wrap")
    def _leave_out_absent_trace(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = handler(self)
        if document.get("traceparent") is None:
            document.pop("traceparent", None)
        return document

    @property
    def body_type(self) -> BodyType:
        """The class of the body."""
        return self.data.__class__

    def to_bytes(self) -> bytes:
        """The value on the wire: JSON in UTF-8."""
        return self.model_dump_json().encode()

    def key(self) -> bytes:
        """The Kafka key: the subject in UTF-8."""
        return self.subject.encode()


def new_event(body: B, *, source: str, id: str, time: datetime, traceparent: str | None = None) -> Event[B]:  # noqa: A002 - CloudEvents' name
    """Wrap `body` in its envelope.

    `time` must be aware. `id` must be the same whenever the same fact is published again.
    """
    # The model is parametrised by the body's class, which is only known here.
    model: type[Event[B]] = Event.__class_getitem__(type(body))  # type: ignore[assignment]
    return model(
        id=id,
        source=source,
        type=body.wire_type(),
        subject=body.subject,
        time=time,
        data=body,
        traceparent=traceparent,
    )


@dataclass(frozen=True, slots=True)
class PlainEvent:
    """An event whose body is given as plain values, written like `new_event` writes it.

    Nothing is validated. It is for a body of ours that is made in great numbers; a test holds it against its model.
    Datetimes must be aware and in UTC.
    """

    kind: BodyType
    data: Mapping[str, Any]
    subject: str
    id: str
    source: str
    time: datetime
    traceparent: str | None = None

    @property
    def body_type(self) -> BodyType:
        """The class of the body."""
        return self.kind

    def to_bytes(self) -> bytes:
        """The value on the wire: JSON in UTF-8."""
        document = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.kind.wire_type(),
            "subject": self.subject,
            "time": self.time,
            "datacontenttype": _JSON,
            "data": self.data,
        }
        if self.traceparent is not None:
            document["traceparent"] = self.traceparent
        return orjson.dumps(document, option=orjson.OPT_UTC_Z)

    def key(self) -> bytes:
        """The Kafka key: the subject in UTF-8."""
        return self.subject.encode()
