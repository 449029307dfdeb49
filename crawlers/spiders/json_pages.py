"""Any service that gives its notices in pages of JSON, cut as the page of its source says."""

from crawlers.paged import PagedSpider


class JsonSpider(PagedSpider):
    """``collect.paging`` says where the notices are, and how one page leads to the next."""

    name = "json"
