"""What went wrong with a request, in the words of a run's report."""

from scrapy.exceptions import DownloadCancelledError, IgnoreRequest
from scrapy.spidermiddlewares.httperror import HttpError


class Fault(IgnoreRequest):
    """A request that is not made, or whose answer is not taken, and that is not tried again.

    reason: a key of collect.ENDINGS. final: the service wants nothing more to be asked.
    """

    def __init__(self, reason: str, detail: str, *, final: bool = False) -> None:
        super().__init__(detail)
        self.reason, self.final = reason, final


# Exception, words of its message, HTTP statuses → key of collect.ENDINGS.
FAULTS: tuple[tuple[type[Exception], str, tuple[int, ...], str], ...] = (
    (HttpError, "", (401, 403, 429), "refused"),
    (HttpError, "", (404, 410), "absent"),
    # Redirections that lead nowhere on the web, such as to file:///etc/passwd.
    (HttpError, "", (301, 302, 303, 307, 308), "offsite"),
    (HttpError, "", (), "unavailable"),
    (IgnoreRequest, "max redirections", (), "redirects"),
    (DownloadCancelledError, "", (), "oversize"),
)


def fault(error: BaseException | None) -> str:
    """Why a request brought nothing, as a key of collect.ENDINGS."""
    if isinstance(error, Fault):
        return error.reason
    status = error.response.status if isinstance(error, HttpError) else 0
    for kind, words, statuses, reason in FAULTS:
        if isinstance(error, kind) and words in str(error) and (not statuses or status in statuses):
            return reason
    return "unavailable"


def told(error: BaseException | None) -> str:
    """What a request met, in a few words for whoever looks into it."""
    if isinstance(error, HttpError):
        return f"HTTP {error.response.status}"
    return str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
