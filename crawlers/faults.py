"""What went wrong with a request, in the words of a run's report."""

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError

# Exception, words of its message, HTTP statuses → key of landing.REASONS.
FAULTS: tuple[tuple[type[Exception], str, tuple[int, ...], str], ...] = (
    (HttpError, "", (401, 403, 429), "refused"),
    (HttpError, "", (404, 410), "absent"),
    (HttpError, "", (), "unavailable"),
    (IgnoreRequest, "robots.txt", (), "robots"),
    (IgnoreRequest, "max redirections", (), "redirects"),
    (IgnoreRequest, "exceeded DOWNLOAD_MAXSIZE", (), "oversize"),
    (DownloadCancelledError, "", (), "oversize"),
)


def fault(error: BaseException | None) -> str:
    """Why a request brought nothing, as a key of landing.REASONS."""
    status = error.response.status if isinstance(error, HttpError) else 0
    for kind, words, statuses, reason in FAULTS:
        if isinstance(error, kind) and words in str(error) and (not statuses or status in statuses):
            return reason
    return "unavailable"
