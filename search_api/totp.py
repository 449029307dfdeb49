"""The second factor: one-time codes (RFC 6238), and recovery codes for a lost telephone."""

import hashlib
import hmac
import io
import secrets
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup
from sqlalchemy import Connection, delete, func, insert, select, update

from index.account_tables import account, recovery_code

ISSUER = "Débouchés"
STEP = 30
# Clocks of telephones may be one step away.
_STEPS = (0, -1, 1)
RECOVERY = 10
_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


def new_secret() -> str:
    """A secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def address(secret: str, login: str) -> str:
    """What an authenticator reads (otpauth://)."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def drawing(secret: str, login: str) -> Markup:
    """The same as a QR code: SVG with neither style nor script, dark on white in any theme."""
    svg = io.BytesIO()
    code = segno.make(address(secret, login), micro=False, error="m")
    options = {"xmldecl": False, "svgns": False, "nl": False, "light": "#fff", "border": 3}
    code.save(svg, "svg", scale=5, svgclass="qr", lineclass=None, omitsize=True, **options)
    return Markup(svg.getvalue().decode())  # noqa: S704 drawn by segno from our own words


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The step of thirty seconds whose code this is, None for a wrong one."""
    current, totp = int(now.timestamp()) // STEP, pyotp.TOTP(secret)
    found = None
    for near in _STEPS:
        if hmac.compare_digest(totp.generate_otp(current + near).encode(), code.encode()):
            found = current + near
    return found


def serve(connection: Connection, who: int, secret: str, code: str, now: datetime) -> bool:
    """Whether this code opens; it serves once, nor does any before it."""
    step = step_of(secret, code, now)
    if step is None:
        return False
    later = update(account).where(account.c.id == who, account.c.totp_step < step)
    return connection.execute(later.values(totp_step=step)).rowcount == 1


def _hashed(code: str) -> str:
    signs = "".join(sign for sign in code.lower() if sign.isalnum())
    return hashlib.sha256(signs.encode("utf-8", "replace")).hexdigest()


def give_recovery(connection: Connection, who: int) -> list[str]:
    """Ten new recovery codes of 78 bits, to be shown once; those of before no longer serve."""
    connection.execute(delete(recovery_code).where(recovery_code.c.account == who))
    groups = (["".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4)]
              for _ in range(RECOVERY))  # fmt: skip
    codes = ["-".join(group) for group in groups]
    connection.execute(
        insert(recovery_code), [{"account": who, "hash": _hashed(one)} for one in codes]
    )
    return codes


def spend_recovery(connection: Connection, who: int, code: str, now: datetime) -> bool:
    """Whether this recovery code opens; it serves once."""
    mine = (recovery_code.c.account == who, recovery_code.c.hash == _hashed(code))
    spent = update(recovery_code).where(*mine, recovery_code.c.used.is_(None)).values(used=now)
    return connection.execute(spent).rowcount == 1


def recovery_left(connection: Connection, who: int) -> int:
    """How many recovery codes can still serve."""
    mine = (recovery_code.c.account == who, recovery_code.c.used.is_(None))
    return int(connection.execute(select(func.count()).where(*mine)).scalar_one())


def forget(connection: Connection, who: int) -> None:
    """The second factor is enrolled anew at the next sign-in."""
    connection.execute(delete(recovery_code).where(recovery_code.c.account == who))
    connection.execute(update(account).where(account.c.id == who).values(totp=""))
