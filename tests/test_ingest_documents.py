"""What is found at a path: documents that can be read again, or refusals with their reason."""

import gzip
import io
import os
import tarfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ingest.document import Document, DocumentError, DocumentTooLarge, Limits, Refusal
from ingest.documents import documents

LIMITS = Limits(max_document=50_000_000)


def found(*paths: Path, limits: Limits = LIMITS) -> list[Document | Refusal]:
    return list(documents(paths, limits))


def content(document: Document | Refusal) -> bytes:
    assert isinstance(document, Document), document
    with closing(document.open()) as stream:
        return stream.read()


def reasons(results: list[Document | Refusal]) -> list[str]:
    return [one.reason for one in results if isinstance(one, Refusal)]


def a_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def a_tar(path: Path, members: dict[str, bytes], mode: str) -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


MEMBERS = {"2024/a.xml": b"<a/>", "b.json": b"{}" * 5000}


@pytest.fixture(params=["zip", "tar", "tar.gz", "tgz"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"avis.{request.param}"
    if request.param == "zip":
        return a_zip(path, MEMBERS)
    return a_tar(path, MEMBERS, "w" if request.param == "tar" else "w:gz")


def test_a_file_is_a_document_that_opens_as_often_as_wanted(tmp_path: Path) -> None:
    path = tmp_path / "avis.xml"
    path.write_bytes(b"<avis/>")
    (document,) = found(path)
    assert document.name == str(path)
    assert [content(document) for _ in range(3)] == [b"<avis/>"] * 3


def test_a_folder_is_walked_in_order_without_hidden_files(tmp_path: Path) -> None:
    for name in ("b.xml", "a/z.xml", "a/.secret", ".git/config", "c.xml", "_run.json", "_a/b.xml"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    names = [Path(one.name).relative_to(tmp_path).as_posix() for one in found(tmp_path)]
    assert names == ["a/z.xml", "b.xml", "c.xml"]


def test_links_out_of_the_folder_and_loops_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "dehors.xml"
    outside.write_text("x")
    folder = tmp_path / "dossier"
    folder.mkdir()
    (folder / "a.xml").write_text("x")
    (folder / "dedans.xml").symlink_to(folder / "a.xml")
    (folder / "dehors.xml").symlink_to(outside)
    (folder / "boucle").symlink_to(folder)
    (folder / "soi").symlink_to(folder / "soi")
    results = found(folder)
    documents_found = [Path(one.name).name for one in results if isinstance(one, Document)]
    assert documents_found == ["a.xml", "dedans.xml"]
    assert reasons(results) == ["Lien non suivi : il sort du dossier."] * 3


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("absent.xml", None, "Chemin introuvable."),
        ("vide.xml", b"", "Document vide."),
        ("faux.zip", b"PK rien", "Archive zip abîmée."),
        ("faux.tar", b"rien", "Archive tar abîmée."),
        ("faux.json.gz", b"rien", "Document abîmé : la lecture s'arrête en chemin."),
        ("vide.json.gz", gzip.compress(b"", mtime=0), "Document vide."),
        ("dedans.zip.gz", gzip.compress(b"x", mtime=0), "Archive dans une archive : non ouverte."),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    tmp_path: Path, name: str, data: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    assert reasons(found(path)) == [reason]


def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "tube"
    os.mkfifo(path)
    assert reasons(found(path)) == ["Ni un fichier ni un dossier."]


def test_a_path_without_end_is_refused(tmp_path: Path) -> None:
    assert reasons(found(tmp_path / ("x" * 5000))) == ["Fichier illisible."]


def test_the_members_of_an_archive_are_named_after_it(archive: Path) -> None:
    names = [one.name for one in found(archive)]
    assert names == [f"{archive}!2024/a.xml", f"{archive}!b.json"]


def test_members_are_read_in_any_order_long_after_they_were_found(archive: Path) -> None:
    results = found(archive)
    for one in [*reversed(results), *results]:
        assert content(one) == MEMBERS[one.name.partition("!")[2]]


def test_two_readers_of_one_member_do_not_disturb_each_other(archive: Path) -> None:
    document = found(archive)[1]
    assert isinstance(document, Document)
    with closing(document.open()) as first, closing(document.open()) as second:
        assert first.read(3) + second.read(3) == b"{}{" * 2
        assert first.read() == second.read() == MEMBERS["b.json"][3:]


def test_a_gzip_file_is_one_document_named_without_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "avis.json.gz"
    path.write_bytes(gzip.compress(b"{}"))
    (document,) = found(path)
    assert document.name.endswith("avis.json.gz!avis.json")
    assert content(document) == b"{}"


def test_members_that_climb_are_only_names(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "avis.zip", {"../../etc/a.xml": b"<a/>", "C:\\b\x07.xml": b"<b/>"})
    assert [content(one) for one in found(path)] == [b"<a/>", b"<b/>"]
    assert all(one.name.isprintable() for one in found(path))
    assert not (tmp_path.parent.parent / "etc").exists()


def test_hidden_empty_and_nested_members_are_not_documents(archive: Path, tmp_path: Path) -> None:
    members = {"__MACOSX/a": b"x", ".DS_Store": b"x", "vide.xml": b"", "dedans.zip": b"PK"}
    if archive.suffix == ".zip":
        results = found(a_zip(tmp_path / "autre.zip", members))
    else:
        results = found(a_tar(tmp_path / "autre.tgz", members, "w:gz"))
    assert reasons(results) == ["Document vide.", "Archive dans une archive : non ouverte."]
    assert len(results) == 2
    nested = results[1]
    assert isinstance(nested, Refusal)
    assert nested.open is not None
    with closing(nested.open()) as stream:
        assert stream.read() == b"PK"


def test_links_and_devices_of_a_tar_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "avis.tar"
    with tarfile.open(path, "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("avis.xml")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    assert found(path) == []


def test_an_encrypted_member_is_refused_and_the_others_read(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "avis.zip", {"a.xml": b"<a/>", "b.xml": b"<b/>"})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # flag of the first local header, then of its entry in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    refused, read = found(path)
    assert reasons([refused]) == ["Archive chiffrée : mot de passe inconnu."]
    assert content(read) == b"<b/>"


def test_a_declared_bomb_is_refused_without_reading(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bombe.zip", {"a": bytes(20_000_000), "b.xml": b"<b/>"})
    refused, read = found(path)
    assert reasons([refused]) == [
        "Compression anormale : plus de 200 octets pour un octet d'archive."
    ]
    assert content(read) == b"<b/>"


def test_a_gzip_bomb_stops_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "bombe.json.gz"
    path.write_bytes(gzip.compress(bytes(30_000_000)))
    (document,) = found(path)
    with pytest.raises(DocumentTooLarge, match="Compression anormale"):
        content(document)


def test_a_bomb_in_a_compressed_tar_ends_the_archive(tmp_path: Path) -> None:
    path = a_tar(tmp_path / "b.tgz", {"a.xml": b"<a/>", "b": bytes(30_000_000)}, "w:gz")
    results = found(path)
    assert content(results[0]) == b"<a/>"
    assert any("Compression anormale" in reason for reason in reasons(results))


def test_a_member_that_lies_about_its_size_is_not_believed(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "avis.zip", {"a.xml": b"x" * 1000})
    data = bytearray(path.read_bytes())
    place = data.index(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    (document,) = found(path)
    with pytest.raises(DocumentError, match="abîmé"):
        content(document)


def test_documents_above_the_limit_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "gros.xml"
    path.write_bytes(b"x" * 2000)
    small = Limits(max_document=1000)
    reason = "Document trop volumineux : plus de 1 000 octets."
    assert reasons(found(path, limits=small)) == [reason]
    assert reasons(found(a_zip(tmp_path / "g.zip", {"g": b"x" * 2000}), limits=small)) == [reason]


def test_a_file_that_grows_after_it_was_found_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "journal.xml"
    path.write_bytes(b"x")
    (document,) = found(path, limits=Limits(max_document=1000))
    path.write_bytes(b"x" * 2000)
    with pytest.raises(DocumentTooLarge):
        content(document)


def test_a_file_that_vanishes_after_it_was_found_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "avis.xml"
    path.write_bytes(b"x")
    (document,) = found(path)
    path.unlink()
    with pytest.raises(DocumentError, match="Fichier illisible"):
        content(document)


def test_too_many_members_are_refused(archive: Path) -> None:
    results = found(archive, limits=Limits(max_members=1))
    assert "Archive trop peuplée : plus de 1 membres." in reasons(results)


@pytest.mark.parametrize("many", [False, True])
def test_a_crowded_directory_costs_no_memory_before_it_is_refused(
    tmp_path: Path, many: bool
) -> None:
    """An entry of a directory is 46 bytes, what zipfile makes of one ten times as much."""
    path = a_zip(tmp_path / "foule.zip", {"a": b"a"})
    data = path.read_bytes()
    entry, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    copies = 100_000 if many else 3
    directory = data[entry:end] * copies
    # With so many members, the end says 65,535 and more; zipfile goes by the size.
    ending = bytearray(data[end:])
    ending[12:16] = len(directory).to_bytes(4, "little")
    path.write_bytes(data[:entry] + directory + ending)
    tracemalloc.start()
    try:
        results = found(path, limits=Limits(max_members=3))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    expected = ["Archive trop peuplée : plus de 3 membres."] if many else []
    assert (reasons(results), peak < 2_000_000) == (expected, True)


def test_the_members_of_a_long_archive_are_counted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    path = a_zip(tmp_path / "longue.zip", {f"{n}.xml": b"<a/>" for n in range(4)})
    assert b"PK\x06\x06" in path.read_bytes()
    assert len(found(path, limits=Limits(max_members=4))) == 4
    crowded = found(path, limits=Limits(max_members=3))
    assert reasons(crowded) == ["Archive trop peuplée : plus de 3 membres."]


def test_members_that_share_their_bytes_are_no_more_than_their_archive(tmp_path: Path) -> None:
    """Each of 200 members of 2 MB is honest alone; 400 MB do not come out of 30 kB."""
    path = a_zip(tmp_path / "partage.zip", {"a": bytes(2_000_000)})
    data = path.read_bytes()
    entry, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    directory = data[entry:end] * 200
    ending = bytearray(data[end:])
    ending[12:16] = len(directory).to_bytes(4, "little")
    path.write_bytes(data[:entry] + directory + ending)
    assert reasons(found(path)) == [
        "Compression anormale : plus de 200 octets pour un octet d'archive."
    ]


def _cut(data: bytes) -> Iterator[bytes]:
    return (data[: len(data) * percent // 100] for percent in range(1, 100))


def test_an_archive_cut_anywhere_gives_members_or_reasons(archive: Path, tmp_path: Path) -> None:
    whole = archive.read_bytes()
    path = tmp_path / f"coupee{''.join(archive.suffixes)}"
    for part in _cut(whole):
        path.write_bytes(part)
        results = found(path)
        for one in results:
            if isinstance(one, Document):
                try:
                    assert content(one) == MEMBERS[one.name.partition("!")[2]]
                except DocumentError as error:
                    assert str(error)
            else:
                assert one.reason
        assert results


def test_an_archive_with_any_byte_changed_never_raises(archive: Path, tmp_path: Path) -> None:
    whole = bytearray(archive.read_bytes())
    path = tmp_path / f"abimee{''.join(archive.suffixes)}"
    for place in range(0, min(len(whole), 600), 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        for one in found(path):
            if isinstance(one, Document):
                try:
                    content(one)
                except DocumentError as error:
                    assert str(error)
