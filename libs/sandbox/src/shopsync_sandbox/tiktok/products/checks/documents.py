from collections.abc import Mapping

from shopsync_sandbox.tiktok.products.checks.context import Context
from shopsync_sandbox.tiktok.products.checks.pictures import check_size_chart_image, is_uploaded
from shopsync_sandbox.tiktok.protocol.bodies import CertificationBody, ProductBody
from shopsync_sandbox.tiktok.protocol.codes import ApiError, Code
from shopsync_sandbox.tiktok.taxonomy.size_charts import SIZE_CHARTS
from shopsync_sandbox.tiktok.taxonomy.types import Certification

FILES_MAX = 10


def check_documents(body: ProductBody, context: Context) -> None:
    """Check the certificates and the size chart that the category requires."""
    rules = context.catalogue.rules(body.category_id or "")
    known = {certification.id: certification for certification in rules.certifications}
    given: set[str] = set()
    for certification in body.certifications or []:
        _check_certification(certification, known, given, context)
        given.add(certification.id or "")
    for wanted in rules.certifications:
        if wanted.required and wanted.id not in given:
            raise ApiError(Code.CERTIFICATE_MISSING, f"required qualification {wanted.id} ({wanted.name}) is missing")
    _check_size_chart(body, context, required=rules.size_chart == "required")


def _check_certification(
    sent: CertificationBody, known: Mapping[str, Certification], given: set[str], context: Context
) -> None:
    rule = known.get(sent.id or "")
    if rule is None:
        raise ApiError(Code.CERTIFICATE_UNKNOWN, f"qualification {sent.id} does not exist for this category")
    if rule.id in given:
        raise ApiError(Code.CERTIFICATE_TWICE, f"qualification {rule.id} is sent twice")
    images, files = sent.images or [], sent.files or []
    if len(images) + len(files) > FILES_MAX:
        raise ApiError(Code.CERTIFICATE_FILES, f"qualification {rule.id} has more than {FILES_MAX} images and files")
    if any(not is_uploaded(image.uri, context) for image in images):
        raise ApiError(Code.CERTIFICATE_IMAGE, f"qualification {rule.id}: an image uri is illegal")
    stored = [context.world.files.get(file.id or "") for file in files]
    if any(file is None or file.format != "PDF" for file in stored):
        raise ApiError(Code.CERTIFICATE_FILE, f"qualification {rule.id}: a file is no uploaded PDF document")
    if not images and not files:
        raise ApiError(Code.CERTIFICATE_MISSING, f"qualification {rule.id} has neither image nor file")
    if rule.expires and (sent.expiration_date or 0) <= context.world.now():
        raise ApiError(Code.CERTIFICATE_EXPIRY, f"qualification {rule.id} needs a date of expiry in the future")


def _check_size_chart(body: ProductBody, context: Context, *, required: bool) -> None:
    image = body.size_chart.image if body.size_chart else None
    template = body.size_chart.template if body.size_chart else None
    if image is None and template is None:
        if required:
            raise ApiError(Code.SIZE_CHART_MISSING, "the category needs a size chart")
        return
    if image is not None:
        check_size_chart_image(image, context)
    if template is not None and template.id not in SIZE_CHARTS:
        raise ApiError(Code.SIZE_CHART_TEMPLATE, f"size chart template {template.id} is not found")
