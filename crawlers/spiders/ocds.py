"""Any publisher of OCDS packages: releases or records, page after page."""

from crawlers.paged import PagedSpider
from ingest.collect import Paging


class OcdsSpider(PagedSpider):
    """Package of releases or records; the next page is in ``links.next``.

    Standard: https://standard.open-contracting.org/1.1/en/schema/release_package/. Its packages
    do not count the items of the whole answer.
    """

    name = "ocds"
    paging = Paging(items=("releases", "records"), link="links.next")
