"""What stands before the data, and what only looks like it."""

import pytest

from crawlers.walls import wall


@pytest.mark.parametrize(
    ("body", "suffix", "reason"),
    [
        (b"<!DOCTYPE html><title>Sitio en mantenimiento</title>", "json", "html"),
        (b"\xef\xbb\xbf \r\n<HTML lang=fr>", "csv", "html"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML">', "xml", "html"),
        (b"<!-- 1 --><!-- <a> --><script>location=1</script>", "json", "html"),
        (b"<html><title>Attention Required! | Cloudflare</title>", "json", "refused"),
        (b"<html><script src=//x/_Incapsula_Resource?a=1></script>", "html", "refused"),
        (b"<html><div class='g-recaptcha'></div>", "html", "refused"),
        (b"Access Denied\n", "csv", "refused"),
        (b"Too Many Requests", "json", "refused"),
        (b"Service temporairement indisponible", "json", "unreadable"),
        (b'{"error": "quota"}', "zip", "unreadable"),
        (b"<error/>", "json", "unreadable"),
    ],
)
def test_a_wall_is_known_by_how_it_begins(body: bytes, suffix: str, reason: str) -> None:
    found = wall(body, suffix)
    assert found is not None and found.reason == reason


@pytest.mark.parametrize(
    ("body", "suffix"),
    [
        (b'{"title": "Access denied: badge readers"}', "json"),
        (b"Ref;Objet\n1;Access denied, captcha", "csv"),
        (b"Access denied;" + b"1;" * 1_000, "csv"),
        (b"<?xml version='1.0'?><!-- html --><header>html</header>", "xml"),
        (b"<rss><title>Access denied</title></rss>", "xml"),
        (b"<html><title>Avis 118</title>", "html"),
        ('{"a": 1}'.encode("utf-16"), "json"),
        (b"PK\x03\x04", "xlsx"),
        (b"anything else", "dat"),
        (b"<!---->" * 600 + b"<avis/>", "xml"),
    ],
)
def test_data_is_not_taken_for_a_wall(body: bytes, suffix: str) -> None:
    assert wall(body, suffix) is None
