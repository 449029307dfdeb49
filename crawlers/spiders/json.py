"""Any service that gives its notices as JSON, page after page, as the source's page describes."""

from crawlers.paged import PagedSpider


class JsonSpider(PagedSpider):
    """``collect.paging`` says where the items of a page are, and where the next page is: a link, a
    cursor, or a parameter that counts items or pages."""

    name = "json"
