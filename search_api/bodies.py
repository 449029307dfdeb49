"""Bodies of requests, as far as we let them in: bounded, uncompressed, JSON told in UTF-8."""

from email.message import Message

from fastapi import Request
from starlette.requests import ClientDisconnect

from search_api.problems import Problem


def announced(request: Request, limit: int) -> None:
    """Refuse on its headers what cannot be taken: 413, 415. limit: bytes."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        detail = "Envoyez le corps tel quel, sans « Content-Encoding »."
        raise Problem(415, "Corps compressé", detail)
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length[:20]) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Problem:
    """413; limit: bytes."""
    size = f"{limit // 1_000_000} Mo" if limit >= 1_000_000 else f"{limit // 1_000} ko"
    # The rest of the body is not read: the connection cannot serve again.
    return Problem(
        413, "Corps trop volumineux", f"{size} au plus.", headers={"Connection": "close"}
    )


def told_as(request: Request, *types: str) -> None:
    """Refuse what is not said to be of one of these types, in UTF-8: 415."""
    said = Message()
    said["content-type"] = request.headers.get("content-type", "")
    if said.get_content_type() not in types or not request.headers.get("content-type"):
        raise Problem(415, "Type inattendu", f"« Content-Type: {types[0]} » attendu.")
    charset = str(said.get_param("charset") or "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Problem(415, "Encodage inattendu", "UTF-8 attendu.")


async def whole(request: Request, limit: int) -> bytes:
    """All the bytes of a body. Raises Problem 400, 413."""
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > limit:
                raise too_large(limit)
    except ClientDisconnect as gone:
        raise Problem(400, "Envoi interrompu", "Le corps n’est pas arrivé en entier.") from gone
    return bytes(data)
