"""Names in French for the identifiers a lead carries: codes, countries, sectors, sources."""

from index.lead import Scheme
from index.wording import label, lineage
from search_api.words import BUCKETS, STAGES, typeset
from taxonomies import countries, languages, sectors

# Characters of a heading that say enough before the label of a subheading.
_HEADING = 60


def _official(scheme: Scheme, code: str) -> str:
    """The code as its table writes it: CPV prefixes are padded, NAF codes get their dot."""
    if scheme == "CPV":
        return code.ljust(8, "0")
    return code


def code_label(scheme: Scheme, code: str) -> str:
    """Official French label, "" when the table does not know the code."""
    try:
        text = label(scheme, _official(scheme, code), "fr").replace("'", "’")
    except KeyError:
        return ""
    return text[:1].upper() + text[1:]


def code_path(scheme: Scheme, code: str) -> tuple[str, ...]:
    """French labels of the broader codes, broadest first."""
    try:
        above = lineage(scheme, _official(scheme, code))[1:]
    except KeyError:
        return ()
    return tuple(filter(None, (code_label(scheme, one) for one in reversed(above))))


def code_name(scheme: Scheme, code: str) -> str:
    """Label of a code that is read alone: « Autres » of the HS says nothing without its heading."""
    own, above = code_label(scheme, code), code_path(scheme, code)
    if scheme != "HS" or len(code) < 6 or not above:
        return own
    return f"{_cut(above[-1])} › {own[:1].lower()}{own[1:]}"


def _cut(text: str) -> str:
    """The first words of a long label."""
    return text if len(text) <= _HEADING else text[:_HEADING].rsplit(" ", 1)[0].rstrip(",;") + "…"


def country_label(code: str) -> str:
    """« Allemagne » for DE; the code itself when unknown."""
    country = countries.get(code)
    return country.fr if country else code


def region_label(name: str) -> str:
    """Name of a region of the world; its identifier when unknown."""
    return countries.regions().get(name, name)


def language_label(code: str) -> str:
    """« allemand » for de; the code itself when unknown."""
    language = languages.languages().get(code)
    return language.fr if language else code


def sector_label(name: str) -> str:
    """Name of a sector; its identifier when unknown."""
    sector = sectors.get(name)
    return sector.label if sector else name


def bucket_label(name: str) -> str:
    """« Dans les 7 jours » for d7."""
    return typeset(BUCKETS.get(name, name))


def stage_label(name: str) -> str:
    """« Ouvert » for open."""
    return STAGES.get(name, name)
