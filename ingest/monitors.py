"""Monitors: what is looked at before a collection is let in. Each is a sentence in French, or None.

They see the crawl, what its documents hold, and the last collections that were let in. A threshold
is where a person would rather look for nothing than miss it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from ingest.collect import ENDINGS, Covered
from ingest.crawl import Crawl
from ingest.looked import FIELDS, Days, Look
from ingest.source import Source

# Under five notices, one of them is more than any threshold.
FEW = 5
# Shares of under twenty notices swing by ten points for one of them: not compared with others.
COMPARABLE = 20
# One collection may be odd, and two disagree; three have a median.
HISTORY = 3
# A source's own variations from one day to the next stay within twenty points in our real data.
FALL = 0.30
# Real feeds have some hundredths of bad rows; a tenth means that a format changed.
QUARANTINED = 0.10
# A few details are withdrawn between the list and their turn.
MISSED = 0.05
# With four retries an answer, one in five means a service about to break.
FAILED = 0.20
# Bad rows, missed details: two are an accident, whatever share of a small feed they are.
ACCIDENTS = 2
# A service answers some requests badly; ten requests are enough to speak of a rate.
REQUESTS = 10
# Overlapping pages repeat a few notices; more than half means the same page again and again.
REPEATED = 0.50
# A crawl that read a fifth of its usual pages stopped early, if it usually reads five at least.
PAGES, PAGES_FEWER = 5, 5
# Dates read in the wrong order are impossible or ahead for more than a tenth of them.
ODD_DATES = 0.10
# Notices of a week are not all published on one day.
LONG = 7

_RHYTHM_DAYS = {"hour": 1, "day": 1, "week": 7}

_FIELDS: dict[Covered, str] = {
    "title": "un titre",
    "text": "un texte",
    "buyer": "un acheteur",
    "country": "un pays",
    "published": "une date de parution",
    "deadline": "une date limite",
    "amount": "un montant",
    "codes": "un code",
    "url": "un lien",
}


@dataclass(frozen=True, slots=True)
class Past:
    """What an earlier collection brought. volume: notices seen by its crawl or in its documents;
    notices: read in its documents; pages: answers landed; coverage: field → share (0–1)."""

    volume: int
    notices: int
    pages: int
    coverage: dict[str, float]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that monitors may look at. past: the last collections let in, the newest first. since,
    until: dates asked for, None for files that somebody brought."""

    page: Source
    crawl: Crawl
    look: Look
    past: Sequence[Past] = ()
    since: date | None = None
    until: date | None = None

    @property
    def volume(self) -> int:
        """Notices listed by the service, or read in the documents when the crawl counts none."""
        return max(self.crawl.items, self.look.received)

    @property
    def unchanged(self) -> bool:
        """Whether the service said that nothing is new, which is not an empty answer."""
        return unchanged(self.crawl, self.look.received)

    @property
    def days(self) -> int:
        """Days asked for, 0 for files that somebody brought."""
        return (self.until - self.since).days + 1 if self.since and self.until else 0

    @property
    def stretch(self) -> float:
        """How many usual collections this one is worth: the first asks for a month."""
        asked = self.page.collect
        if asked is None:
            return 1.0
        usual = asked.overlap_days + _RHYTHM_DAYS[asked.rhythm.every]
        return max(1.0, self.days / usual)


Monitor = Callable[[Facts], str | None]


def unchanged(crawl: Crawl, received: int) -> bool:
    """Whether a crawl brought nothing because nothing is new."""
    return bool(crawl.finished and crawl.unchanged and not received) and (
        crawl.items <= crawl.unchanged
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number < 2 else f"{number} {noun}s"


def ended(facts: Facts) -> str | None:
    """The crawl did not read all that was asked for."""
    crawl = facts.crawl
    if crawl.finished or crawl.reason == "short":
        return None
    where = crawl.errors[-1].sentence() if crawl.errors else ENDINGS.get(crawl.reason, crawl.reason)
    # A crawl that was killed left no count.
    pages = max(crawl.pages, facts.look.documents)
    read = f"après {_many(pages, 'réponse')} et {facts.volume} avis"
    return f"Collecte incomplète, {read} : {where}."


def short(facts: Facts) -> str | None:
    """The service counts more than it gave."""
    crawl = facts.crawl
    if crawl.reason not in ("finished", "short") or crawl.declared is None or facts.unchanged:
        return None
    if crawl.items >= crawl.declared and crawl.reason != "short":
        return None
    return f"Le service annonce {crawl.declared} éléments et n’en a donné que {crawl.items}."


def volume(facts: Facts) -> str | None:
    """More or fewer notices than the source's page expects."""
    low, high = facts.page.expected
    if not high or facts.unchanged or not facts.crawl.finished:
        return None
    if facts.volume < low:
        return f"{_notices(facts.volume)}, contre {low} au moins d’ordinaire (fiche de la source)."
    if facts.volume > high * facts.stretch:
        most = round(high * facts.stretch)
        return f"{_notices(facts.volume)}, contre {most} au plus d’ordinaire (fiche de la source)."
    return None


def _notices(number: int) -> str:
    return f"{number} avis reçus" if number > 1 else f"{number} avis reçu"


def empty(facts: Facts) -> str | None:
    """A feed that never was empty, or that never brought anything, brings nothing."""
    if facts.volume or facts.unchanged or not facts.crawl.finished:
        return None
    if not facts.past:
        return "La première collecte n’a rien rapporté : l’adresse ou ses dates sont à vérifier."
    if len(facts.past) < HISTORY or not all(one.volume for one in facts.past):
        return None
    usual = round(median(one.volume for one in facts.past))
    return f"Aucun avis, contre {usual} d’ordinaire."


def paging(facts: Facts) -> str | None:
    """The pages repeat themselves, or stop much earlier than usual."""
    look, crawl = facts.look, facts.crawl
    if look.notices >= COMPARABLE and look.repeated > REPEATED * look.notices:
        times = f"{look.repeated} avis sur {look.notices}"
        return f"Les pages se répètent : {times} ont déjà été vus dans la même collecte."
    if crawl.declared is not None or not crawl.finished or crawl.unchanged or not facts.past:
        return None
    usual = median(one.pages for one in facts.past)
    if len(facts.past) < HISTORY or usual < PAGES or crawl.pages * PAGES_FEWER > usual:
        return None
    return (
        f"La collecte s’arrête après {_many(crawl.pages, 'page')}, contre {usual:.0f} d’ordinaire."
    )


def missed(facts: Facts) -> str | None:
    """Too many details could not be had."""
    lost, all_of = len(facts.crawl.missed), max(facts.crawl.items, len(facts.crawl.missed))
    if lost <= ACCIDENTS or lost <= MISSED * all_of:
        return None
    why = facts.crawl.missed[0].sentence()
    return f"{lost} avis sur {all_of} n’ont pu être obtenus, par exemple : {why}."


def failing(facts: Facts) -> str | None:
    """Too many requests had to be made again."""
    crawl = facts.crawl
    bad = crawl.retries + len(crawl.errors)
    if crawl.requests < REQUESTS or bad <= FAILED * crawl.requests:
        return None
    share = _percent(bad / crawl.requests)
    return (
        f"Le service peine : {share} des {crawl.requests} requêtes ont échoué ou ont été refaites."
    )


def web_page(facts: Facts) -> str | None:
    """Pages of a site (an error, a captcha) instead of data."""
    pages = facts.look.web_pages
    if not pages:
        return None
    which = "Une page web a été reçue" if pages == 1 else f"{pages} pages web ont été reçues"
    return f"{which} au lieu de données : une erreur du service, ou une vérification anti-robot."


def quarantined(facts: Facts) -> str | None:
    """Too much of it cannot be read."""
    bad, received = facts.look.quarantined, facts.look.received
    if bad <= QUARANTINED * received or (bad <= ACCIDENTS and bad < received):
        return None
    [(reason, times)] = facts.look.reasons.most_common(1)
    return f"{bad} éléments sur {received} sont illisibles ; {times} fois : {reason}."


def uncovered(facts: Facts) -> str | None:
    """A field that must be there is missing from too many notices."""
    asked, look = facts.page.collect, facts.look
    if asked is None or look.notices < FEW:
        return None
    under = [
        f"{_percent(look.coverage(name))} des avis ont {_FIELDS[name]},"
        f" au lieu de {_percent(floor)}"
        for name, floor in asked.coverage.items()
        if look.coverage(name) < floor
    ]
    return f"Champs manquants : {' ; '.join(under)}." if under else None


def fallen(facts: Facts) -> str | None:
    """A field is much rarer than in the last collections."""
    look = facts.look
    past = [one for one in facts.past if one.notices >= COMPARABLE]
    if look.notices < COMPARABLE or len(past) < HISTORY:
        return None
    usual = {name: median(one.coverage.get(name, 0.0) for one in past) for name in FIELDS}
    lost = [
        f"{_percent(look.coverage(name))} des avis ont {_FIELDS[name]},"
        f" contre {_percent(usual[name])} d’ordinaire"
        for name in FIELDS
        if round(usual[name] - look.coverage(name), 4) > FALL
    ]
    return f"Champs en chute : {' ; '.join(lost)}." if lost else None


def default_dates(facts: Facts) -> str | None:
    """Dates of 1970, and others that programs write when they know none."""
    some = _odd_dates(facts, lambda days: days.default, ODD_DATES)
    return f"{some} sont une valeur par défaut (1970, 1900…)." if some else None


def one_day(facts: Facts) -> str | None:
    """All notices of a long time published on one day: the day of the export, not theirs."""
    days = facts.look.published.days
    if facts.days <= LONG or len(days) != 1 or facts.look.published.written < COMPARABLE:
        return None
    [day] = days
    return (
        f"Tous les avis ({facts.look.published.written}) seraient parus le {day:%d/%m/%Y},"
        f" alors que la collecte porte sur {facts.days} jours."
    )


def ahead(facts: Facts) -> str | None:
    """Dates in a future where no honest one is."""
    some = _odd_dates(facts, lambda days: days.ahead, ODD_DATES)
    return f"{some} sont à venir : l’ordre du jour et du mois est à vérifier." if some else None


def unread_dates(facts: Facts) -> str | None:
    """Dates that are not written as the source's page says."""
    some = _odd_dates(facts, lambda days: days.unread, FALL)
    return f"{some} ne sont pas comprises : leur écriture a pu changer." if some else None


def _odd_dates(facts: Facts, odd: Callable[[Days], int], share: float) -> str:
    """« 12 sur 40 des dates limites » for the first dates of which more than ``share`` are odd, ""
    when none are."""
    for name, days in (
        ("dates de parution", facts.look.published),
        ("dates limites", facts.look.deadline),
    ):
        if odd(days) > max(ACCIDENTS, share * days.written):
            return f"{odd(days)} sur {days.written} des {name}"
    return ""


# The keys are kept in the record (``incident.kind``): never rename one.
CRAWL_MONITORS: dict[str, Monitor] = {
    "ended": ended,
    "short": short,
    "empty": empty,
    "paging": paging,
    "missed": missed,
    "failing": failing,
}
CONTENT_MONITORS: dict[str, Monitor] = {
    "volume": volume,
    "web_page": web_page,
    "quarantined": quarantined,
    "uncovered": uncovered,
    "fallen": fallen,
    "default_dates": default_dates,
    "one_day": one_day,
    "ahead": ahead,
    "unread_dates": unread_dates,
}
# Seen from outside a collection (``ingest.silence``, ``ingest.intake``).
SILENT, DROP = "silent", "depot"
# What visitors say of its leads (``ingest.throttling``).
USELESS = "utilite"
# Documents at which whoever looks dies, again and again (``ingest.collecting``).
DEADLY = "deadly"
# Frozen by a person while it was being collected (``ingest.freeze``).
FROZEN = "frozen"

# For people: kind of an incident → its name.
TITLES: dict[str, str] = {
    "ended": "collecte incomplète",
    "short": "total annoncé non atteint",
    "empty": "flux vide",
    "paging": "pagination défaillante",
    "missed": "avis non obtenus",
    "failing": "service qui peine",
    "volume": "volume inhabituel",
    "web_page": "page web au lieu de données",
    "quarantined": "éléments illisibles",
    "uncovered": "champs manquants",
    "fallen": "champs en chute",
    "default_dates": "dates par défaut",
    "one_day": "dates toutes égales",
    "ahead": "dates à venir",
    "unread_dates": "dates non comprises",
    DEADLY: "examen impossible",
    FROZEN: "source gelée",
    SILENT: "source silencieuse",
    DROP: "dépôt de fichiers",
    USELESS: "leads peu utiles",
}


def watched(asked: bool) -> dict[str, Monitor]:
    """The monitors of a collection; those of the crawl only when the network was asked."""
    return CRAWL_MONITORS | CONTENT_MONITORS if asked else CONTENT_MONITORS


def check(facts: Facts, monitors: dict[str, Monitor]) -> dict[str, str]:
    """What is wrong: kind → sentence in French."""
    said = {kind: monitor(facts) for kind, monitor in monitors.items()}
    return {kind: detail for kind, detail in said.items() if detail}
