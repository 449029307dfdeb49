"""Settings: one small typed object, read from the environment at the door and handed down."""

from pathlib import Path

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.precision import ENOUGH, FLOOR


class Settings(BaseSettings):
    """Where things are kept and how the site presents itself.

    data: folder of the embedded record and index. database_url: SQLAlchemy URL; empty means
    SQLite in ``data``. sources: folder of one's own source pages, besides the packaged ones.
    site_url: public address, for links that leave the site (.ics). model: folder of one's own model
    (``debouches modele entrainer``), instead of the packaged one. encoder: a model of
    sentence-transformers that reads texts beside it, of the hub or a folder ("" for none). contact:
    page or address where those whom we crawl reach us.
    deposit_max_mb: largest file that a partner may send by HTTP, in MB.
    opensearch_url: address of an OpenSearch cluster, several separated by commas ("" for the
    embedded index). opensearch_user, opensearch_password, opensearch_ca (file of the authority that
    signs its certificates): how it is spoken to. opensearch_prefix: what the names of our indices
    begin with. opensearch_shards, opensearch_replicas: of each index.
    secret_keys: what seals the second factors (32 characters or more each, the newest first);
    "" for a key made once in ``data``. oidc_issuer, oidc_client_id, oidc_client_secret: the OpenID
    Connect provider where people sign in, "" for none; oidc_name: how its button calls it.
    oidc_role_claim: claim of the ID token that tells the roles (dots lead inside); oidc_roles: what
    its values are here, "value=role" pairs separated by commas; "" when they are our own words.
    follow_up_months: months after which a company that said nothing more of its leads is erased.
    vote_months: months after which a vote is anonymous for good, and can no longer be changed.
    throttle_floor, throttle_votes: a source of which votes say beyond doubt that fewer of its leads
    are useful than this share, on at least so many votes, has its new leads held for review.
    """

    model_config = SettingsConfigDict(env_prefix="DEBOUCHES_", frozen=True, extra="ignore")

    data: Path = Path("donnees")
    database_url: str = Field(
        default="", validation_alias=AliasChoices("DATABASE_URL", "DEBOUCHES_DATABASE_URL")
    )
    sources: Path | None = None
    site_url: str = "http://127.0.0.1:8000"
    model: Path | None = None
    encoder: str = ""
    contact: str = ""
    deposit_keys: str = Field(default="", repr=False)
    opensearch_url: str = Field(
        default="", validation_alias=AliasChoices("OPENSEARCH_URL", "DEBOUCHES_OPENSEARCH_URL")
    )
    opensearch_user: str = ""
    opensearch_password: str = Field(default="", repr=False)
    opensearch_ca: Path | None = None
    opensearch_prefix: str = Field(default="debouches", pattern=r"^[a-z][a-z0-9-]{0,60}$")
    opensearch_shards: int = Field(default=1, ge=1, le=1_024)
    opensearch_replicas: int = Field(default=1, ge=0, le=20)
    deposit_max_mb: int = Field(default=256, ge=1)
    secret_keys: str = Field(default="", repr=False)
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = Field(default="", repr=False)
    oidc_name: str = "votre organisation"
    oidc_role_claim: str = "roles"
    oidc_roles: str = ""
    # Between a tender and its award a year passes, and as much again until its first delivery.
    follow_up_months: int = Field(default=24, ge=1, le=120)
    # As long as audience cookies may live, in the recommendations of the CNIL.
    vote_months: int = Field(default=13, ge=1, le=120)
    throttle_floor: float = Field(default=FLOOR, ge=0, le=1)
    throttle_votes: int = Field(default=ENOUGH, ge=10)

    @property
    def record_url(self) -> str:
        """SQLAlchemy URL of the record. ``postgres://`` forms are read as psycopg 3."""
        if not self.database_url:
            return f"sqlite:///{self.data / 'registre.sqlite3'}"
        scheme, _, rest = self.database_url.partition("://")
        return (
            f"postgresql+psycopg://{rest}" if scheme.startswith("postgres") else self.database_url
        )

    @property
    def index_folder(self) -> Path:
        """Folder of the embedded index."""
        return self.data / "index"

    @property
    def landing(self) -> Path:
        """Folder where collections land."""
        return self.data / "collectes"

    @property
    def drop_folder(self) -> Path:
        """Folder of the drop folders, one a source."""
        return self.data / "depots"
