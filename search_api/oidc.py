"""The provider where an organisation signs its people in (OpenID Connect, code flow with PKCE)."""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from index.settings import Settings
from search_api.access import ROLES, Role

# Signatures that only the provider can make; neither "none" nor those of a shared secret.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "Ed25519")
# Seconds by which the clock of the provider may be off.
_LEEWAY = 60
_TIMEOUT = 10
_LARGEST = 1_000_000
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class OidcError(Exception):
    """The provider cannot be asked, or what it answers is not to be trusted. The message, in
    English, is for the log."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the browser must bring back from the provider. suite: page to go on to."""

    state: str
    nonce: str
    verifier: str
    suite: str
    until: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider says it is. role: None when none of ours is among its claims."""

    issuer: str
    subject: str
    login: str
    name: str
    email: str
    role: Role | None


def new_exchange(suite: str, until: datetime) -> Exchange:
    """An exchange that nobody can foresee."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Exchange(state, nonce, verifier, suite, until.timestamp())


class Provider:
    """The provider of these settings. client: how it is reached (redirections are not followed)."""

    def __init__(self, settings: Settings, client: httpx2.Client | None = None) -> None:
        self.settings = settings
        self.client = client or httpx2.Client(timeout=_TIMEOUT, follow_redirects=False)
        self._told: dict[str, Any] | None = None
        self._keys: KeySet | None = None

    @property
    def back(self) -> str:
        """Where the provider sends people back."""
        return self.settings.site_url.rstrip("/") + "/connexion/retour"

    def address(self, exchange: Exchange) -> str:
        """The page of the provider that asks who it is. Raises OidcError."""
        mark = hashlib.sha256(exchange.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.settings.oidc_client_id,
            "redirect_uri": self.back,
            "scope": "openid profile email",
            "state": exchange.state,
            "nonce": exchange.nonce,
            "code_challenge": base64.urlsafe_b64encode(mark).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        there = self._endpoint("authorization_endpoint")
        return there + ("&" if "?" in there else "?") + urlencode(asked)

    def identity(self, exchange: Exchange, code: str, now: datetime) -> Identity:
        """Whom the provider says has come back with this code. Raises OidcError."""
        token = self._ask_token(exchange, code)
        claims = self._claims(token, exchange.nonce, now)
        return _identity(self.settings, claims)

    # --- what is asked of the provider ------------------------------------------------------------

    def _configuration(self) -> dict[str, Any]:
        """What the provider tells about itself, asked once."""
        if self._told is None:
            issuer = self.settings.oidc_issuer
            self._sure(issuer)
            told = self._json("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
            if told.get("issuer") != issuer:
                raise OidcError("the configuration is that of another issuer")
            self._told = told
        return self._told

    def _endpoint(self, name: str) -> str:
        address = self._configuration().get(name)
        if not isinstance(address, str):
            raise OidcError(f"the configuration has no {name}")
        return self._sure(address)

    def _sure(self, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise OidcError("the provider is not reached over https")
        return address

    def _ask_token(self, exchange: Exchange, code: str) -> str:
        own, secret = self.settings.oidc_client_id, self.settings.oidc_client_secret
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": exchange.verifier,
        }
        ways = self._configuration().get("token_endpoint_auth_methods_supported")
        basic = bool(secret) and (not isinstance(ways, list) or "client_secret_basic" in ways)
        if not basic:
            form |= {"client_id": own} | ({"client_secret": secret} if secret else {})
        # RFC 6749, 2.3.1: both are form-encoded before they become a Basic pair.
        pair = (quote(own, safe=""), quote(secret, safe="")) if basic else None
        told = self._json("POST", self._endpoint("token_endpoint"), form, pair)
        token = told.get("id_token")
        if not isinstance(token, str):
            raise OidcError("the answer holds no ID token")
        return token

    def _json(
        self,
        method: str,
        address: str,
        form: Mapping[str, str] | None = None,
        pair: tuple[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            with self.client.stream(method, address, data=form, auth=pair) as answer:
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > _LARGEST:
                        raise OidcError("the answer is too long")
            told = json.loads(body)
        except (httpx2.HTTPError, ValueError) as error:
            raise OidcError(f"{urlsplit(address).path}: {type(error).__name__}") from error
        if answer.status_code != 200 or not isinstance(told, dict):
            raise OidcError(f"{urlsplit(address).path}: status {answer.status_code}")
        return told

    # --- what is believed -----------------------------------------------------------------------

    def _claims(self, token: str, nonce: str, now: datetime) -> dict[str, Any]:
        claims = self._signed(token)
        own = self.settings.oidc_client_id
        registry = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.settings.oidc_issuer},
            aud={"essential": True, "value": own},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            claim = getattr(error, "claim", "")
            raise OidcError(f"ID token refused: {error.error} {claim}".strip()) from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else own) != own:
            raise OidcError("ID token refused: made for another client")
        return claims

    def _signed(self, token: str) -> dict[str, Any]:
        """The claims, once their signature is checked with a key of the provider; its keys are
        asked again when the one that signed is new."""
        try:
            if self._keys is not None:
                return self._decoded(token)
        except OidcError:
            pass
        try:
            told: Any = self._json("GET", self._endpoint("jwks_uri"))
            self._keys = KeySet.import_key_set(told)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcError("the keys of the provider cannot be read") from error
        return self._decoded(token)

    def _decoded(self, token: str) -> dict[str, Any]:
        assert self._keys is not None
        try:
            return jwt.decode(token, self._keys, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcError(f"ID token refused: {type(error).__name__}") from error


# --- from their words to ours -------------------------------------------------------------------


def _inside(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of this name, or the one where its dots lead."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def role_of(settings: Settings, claims: Mapping[str, Any]) -> Role | None:
    """The highest of our roles that the claims give, None for none."""
    told = _inside(claims, settings.oidc_role_claim)
    values = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    pairs = (one.rpartition("=") for one in re.split(r"[,\n]+", settings.oidc_roles))
    known = {value.strip(): role.strip() for value, _, role in pairs if value}
    names = {known.get(one) if known else one for one in values if isinstance(one, str)}
    return max((role for role in ROLES if role in names), key=ROLES.index, default=None)


def _identity(settings: Settings, claims: Mapping[str, Any]) -> Identity:
    subject = claims["sub"]
    if not 0 < len(subject) <= 255 or not subject.isprintable():
        raise OidcError("ID token refused: no usable subject")

    def told(*names: str) -> str:
        values = (claims.get(name) for name in names)
        return next((one for one in values if isinstance(one, str) and one), "")

    return Identity(
        issuer=settings.oidc_issuer,
        subject=subject,
        login=told("preferred_username", "email"),
        name=told("name", "preferred_username", "email") or subject,
        email=told("email"),
        role=role_of(settings, claims),
    )
