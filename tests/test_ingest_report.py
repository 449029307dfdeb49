"""The account of a run."""

from collections import Counter

from ingest.report import DISTINCT, OTHERS, Report


def test_reports_add_up() -> None:
    report = Report(received=2, new=1, quarantined=1, reasons=Counter({"vide": 1}))
    report.add(Report(received=3, joined=3, remarks=Counter({("pays inconnu", "UK"): 2})))
    report.add(Report(received=1, quarantined=1, reasons=Counter({"vide": 1})))
    assert report.balanced()
    assert (report.received, report.joined, report.quarantined) == (6, 3, 2)
    assert report.reasons == {"vide": 2}
    assert report.remarks == {("pays inconnu", "UK"): 2}


def test_a_million_different_faults_take_no_more_room_than_some_thousands() -> None:
    report = Report()
    for start in range(0, 3 * DISTINCT, 500):
        lines = range(start, start + 500)
        report.add(
            Report(
                received=500,
                quarantined=500,
                reasons=Counter(f"ligne {n} : valeur attendue" for n in lines),
                remarks=Counter(("champ inconnu", f"x{n}") for n in lines),
            )
        )
    assert report.balanced()
    assert len(report.reasons) == len(report.remarks) == DISTINCT + 1
    assert report.reasons.total() == report.remarks.total() == 3 * DISTINCT
    assert report.reasons[OTHERS] == report.remarks["champ inconnu", OTHERS] == 2 * DISTINCT
