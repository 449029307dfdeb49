"""A small OpenID Connect provider, over real HTTP, with keys of its own and traps to set."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from fastapi import FastAPI, Form, HTTPException, Request
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "debouches", "secret: é&="


def _encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class House:
    """The provider. claims: what it says of whoever comes; trap: the fault that it commits."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = RSAKey.generate_key(2048, {"kid": "un", "use": "sig"})
        self.forger = RSAKey.generate_key(2048, {"kid": "un", "use": "sig"})
        self.unknown = ECKey.generate_key("P-256", {"kid": "autre", "use": "sig"})
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.trap = ""
        self.now = time.time
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self.app.get("/.well-known/openid-configuration")(self.configuration)
        self.app.get("/authorize")(self.authorize)
        self.app.post("/token")(self.token)
        self.app.get("/jwks")(self.jwks)

    def configuration(self) -> dict[str, Any]:
        issuer = "https://autre.test" if self.trap == "autre configuration" else self.issuer
        return {
            "issuer": issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }

    def jwks(self) -> dict[str, Any]:
        self.asked.append("jwks")
        return {"keys": [one.as_dict(private=False) for one in self.published]}

    def authorize(self, request: Request) -> RedirectResponse:
        """Whoever comes is known at once, and sent back."""
        asked = dict(request.query_params)
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"].split()[0] == "openid"
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    def token(
        self,
        request: Request,
        code: Annotated[str, Form()],
        redirect_uri: Annotated[str, Form()],
        code_verifier: Annotated[str, Form()],
        grant_type: Annotated[str, Form()],
    ) -> dict[str, str]:
        """The ID token, for who shows the secret and the verifier; a code serves once."""
        self._authenticated(request)
        asked = self._codes.pop(code, None)
        mark = hashlib.sha256(code_verifier.encode()).digest()
        proof = base64.urlsafe_b64encode(mark).rstrip(b"=").decode()
        if (
            asked is None
            or grant_type != "authorization_code"
            or redirect_uri != asked["redirect_uri"]
            or proof != asked["code_challenge"]
        ):
            raise HTTPException(400)
        return {"token_type": "Bearer", "access_token": "a", "id_token": self.made(asked["nonce"])}

    def _authenticated(self, request: Request) -> None:
        kind, _, pair = request.headers.get("authorization", "").partition(" ")
        own, _, secret = base64.b64decode(pair).decode().partition(":")
        told = parse_qs(f"own={own}&secret={secret}")
        if kind != "Basic" or told != {"own": [CLIENT], "secret": [SECRET]}:
            raise HTTPException(401)

    def made(self, nonce: str) -> str:
        """The ID token, with the fault of the trap."""
        now = int(self.now())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        claims |= self.claims
        claims |= {
            "nonce": {"nonce": "un autre"},
            "sans nonce": {"nonce": None},
            "destinataire": {"aud": "un-autre"},
            "plusieurs destinataires": {"aud": [CLIENT, "un-autre"]},
            "autre demandeur": {"aud": [CLIENT, "un-autre"], "azp": "un-autre"},
            "émetteur": {"iss": "https://autre.test"},
            "périmé": {"exp": now - 61},
            "sans fin": {"exp": None},
            "futur": {"iat": now + 600, "nbf": now + 600},
            "sans sujet": {"sub": None},
            "sujet étrange": {"sub": ["a"]},
        }.get(self.trap, {})
        claims = {name: value for name, value in claims.items() if value is not None}
        return self._signed(claims)

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.trap == "alg none":
            return f"{_encoded({'alg': 'none'})}.{_encoded(claims)}."
        if self.trap == "secret partagé":
            # The public key taken for a shared secret: the oldest trick.
            told = f"{_encoded({'alg': 'HS256', 'kid': 'un'})}.{_encoded(claims)}"
            mark = hmac.digest(self.key.as_pem(private=False), told.encode(), "sha256")
            return f"{told}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"
        if self.trap == "clé inconnue":
            return jwt.encode({"alg": "ES256", "kid": "autre"}, claims, self.unknown)
        key = self.forger if self.trap == "faussaire" else self.key
        token = jwt.encode({"alg": "RS256", "kid": str(key.kid)}, claims, key)
        if self.trap == "modifié":
            head, _, mark = token.split(".")
            return f"{head}.{_encoded(claims | {'sub': 'un-autre'})}.{mark}"
        return "pas.un.jeton" if self.trap == "illisible" else token
