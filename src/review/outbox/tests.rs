//! What an outbox file and the ledger over it promise, whatever happens to the bytes.

mod together;

use super::entries::{Entries, Entry, Status};
use super::ledger::Kept;
use super::read::read;
use super::record::{Failure, Record};
use super::*;
use crate::domain::{
    Action, Decision, DecisionId, Fence, GapId, LeaseToken, Reviewer, Seen, SeenNeighbour, State,
};
use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use uuid::Uuid;

fn decision(number: u32, gap: u32, base_version: i32) -> Decision {
    Decision {
        id: DecisionId(Uuid::from_u128(u128::from(number) + 1)),
        gap: GapId::new(format!("p{gap}").as_str(), "colour"),
        action: Action::Override,
        value: Some(format!("value {number} \"quoted\"\nand more")),
        comment: None,
        reviewer: Reviewer::new("ada"),
        base_version,
        undoes: None,
        shown_value: None,
        shown_confidence: None,
        shown_experiment: None,
        batch: None,
        seen: Seen::default(),
        decided_at: DateTime::UNIX_EPOCH + TimeDelta::milliseconds(i64::from(number)),
    }
}

fn undo(number: u32, of: &Decision, base_version: i32) -> Decision {
    let action = Action::Undo;
    Decision {
        action,
        value: None,
        undoes: Some(of.id),
        gap: of.gap.clone(),
        ..decision(number, 0, base_version)
    }
}

fn refused() -> Failure {
    Failure::Refused { reason: "no".into() }
}

fn bytes_of(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        record.write(&mut bytes).unwrap();
    }
    bytes
}

fn kept(number: u32) -> Record {
    Record::Decision { decision: Box::new(decision(number, number, 0)), fence: Fence::Unheld }
}

fn place() -> (tempfile::TempDir, Place) {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::embedded(directory.path());
    (directory, place)
}

fn keep(ledger: &mut Ledger, decision: Decision) -> Kept {
    ledger.keep(vec![(decision, Fence::Open)]).remove(0).1.unwrap()
}

fn ids(ledger: &Ledger) -> Vec<DecisionId> {
    ledger.entries().map(|entry| entry.decision.id).collect()
}

fn outbox_files(place: &Place) -> Vec<PathBuf> {
    journal::files(place, journal::SUFFIX).unwrap()
}

#[test]
fn a_record_reads_back_as_it_was_written() {
    let mut strange = decision(1, 1, i32::MAX);
    let neighbour =
        SeenNeighbour { product_key: "\u{0}\n".into(), similarity: 0.1 + 0.2, values: vec!["ä".into()] };
    strange.seen.neighbours = vec![neighbour];
    let fence = Fence::Lease(LeaseToken::new());
    let conflict = Failure::Conflict { version: 3, state: State::Flagged, by: Some("bob".into()) };
    let records = [
        Record::Decision { decision: Box::new(strange), fence },
        Record::Failed { id: DecisionId::new(), failure: conflict },
        Record::Failed { id: DecisionId::new(), failure: Failure::BuildsOn { id: DecisionId::new() } },
        Record::Again { id: DecisionId::new() },
        Record::Sent { id: DecisionId::new() },
        Record::Dropped { id: DecisionId::new() },
    ];
    let contents = read(&bytes_of(&records));
    assert_eq!((contents.records, contents.damaged), (records.to_vec(), Vec::new()));
}

#[test]
fn a_similarity_that_is_no_number_does_not_make_a_decision_unreadable() {
    let mut strange = decision(1, 1, 0);
    strange.seen.neighbours =
        vec![SeenNeighbour { product_key: "p".into(), similarity: f64::NAN, values: Vec::new() }];
    let record = Record::Decision { decision: Box::new(strange), fence: Fence::Open };
    let read = read(&bytes_of(&[record])).records;
    let [Record::Decision { decision, .. }] = &read[..] else { panic!("{read:?}") };
    assert!(decision.seen.neighbours[0].similarity.is_nan());
}

#[test]
fn whichever_byte_is_wrong_every_other_record_is_kept_and_nothing_is_invented() {
    let id = decision(2, 2, 0).id;
    let records = [kept(1), kept(2), Record::Sent { id }, kept(3), kept(4)];
    let whole = bytes_of(&records);
    let mut ends = Vec::new();
    for index in 0..records.len() {
        ends.push(bytes_of(&records[..=index]).len());
    }
    for at in 0..whole.len() {
        let hit = ends.iter().position(|end| at < *end).unwrap();
        for flip in [0x01, 0x20, 0x80, b'\n', 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            let contents = read(&bytes);
            let others: Vec<_> =
                records.iter().enumerate().filter(|(index, _)| *index != hit).map(|(_, one)| one).collect();
            let found: Vec<_> = contents.records.iter().collect();
            let all: Vec<_> = records.iter().collect();
            assert!(found == others || found == all, "byte {at} xor {flip:#x}: {} records", found.len());
            assert!(!contents.damaged.is_empty(), "byte {at} xor {flip:#x} went unnoticed");
        }
    }
}

#[test]
fn wherever_a_file_ends_the_records_before_are_kept() {
    let records = [kept(1), kept(2), kept(3)];
    let whole = bytes_of(&records);
    for length in 0..whole.len() {
        let contents = read(&whole[..length]);
        // A record is whole without its line end.
        let complete = (1..=3).filter(|count| bytes_of(&records[..*count]).len() - 1 <= length).count();
        assert_eq!(contents.records, records[..complete], "{length} bytes");
        let is_torn = (0..=3).all(|count| {
            let end = bytes_of(&records[..count]).len();
            length != end && length + 1 != end
        });
        assert_eq!(contents.damaged.is_empty(), !is_torn, "{length} bytes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic_or_invent(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_usize..300) {
        prop_assert!(read(&bytes).records.is_empty());
        let mut mixed = bytes_of(&[kept(1), kept(2)]);
        let at = at.min(mixed.len());
        mixed.splice(at..at, bytes);
        for record in read(&mixed).records {
            prop_assert!(record == kept(1) || record == kept(2));
        }
    }
}

#[test]
fn what_is_kept_is_there_after_a_crash_and_gone_once_it_is_sent() {
    let (_directory, place) = place();
    let (mut ledger, notices) = Ledger::open(place.clone());
    assert_eq!((notices.len(), outbox_files(&place).len()), (0, 0), "nothing is made before it is needed");
    let [a, b] = [decision(1, 1, 0), decision(2, 2, 0)];
    keep(&mut ledger, a.clone());
    keep(&mut ledger, b.clone());
    ledger.sent(&[a.id]);
    // As a killed process: nothing is closed.
    drop(ledger);
    let (mut ledger, _) = Ledger::open(place.clone());
    assert_eq!(ids(&ledger), [b.id]);
    assert_eq!(ledger.next()[0].decision, b);
    ledger.sent(&[b.id]);
    assert_eq!(ledger.close(), (0, 0));
    assert!(outbox_files(&place).is_empty());
}

#[cfg(unix)]
#[test]
fn only_the_user_can_read_an_outbox() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    keep(&mut ledger, decision(1, 1, 0));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&outbox_files(&place)[0]), 0o600);
    assert_eq!(mode(&place.directory), 0o700);
}

#[test]
fn two_processes_keep_apart_and_the_next_one_takes_over_from_the_dead() {
    let (_directory, place) = place();
    let (mut first, _) = Ledger::open(place.clone());
    keep(&mut first, decision(1, 1, 0));
    let (mut second, _) = Ledger::open(place.clone());
    assert_eq!(ids(&second), [], "the first one is alive");
    keep(&mut second, decision(2, 2, 0));
    drop(first);
    let (third, _) = Ledger::open(place.clone());
    assert_eq!(ids(&third), [decision(1, 1, 0).id]);
    drop((second, third));
    let (fourth, _) = Ledger::open(place);
    assert_eq!(ids(&fourth), [decision(1, 1, 0).id, decision(2, 2, 0).id], "by the time of the decisions");
}

#[test]
fn a_damaged_part_is_set_aside_and_the_rest_goes_on() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    for number in 1..=3 {
        keep(&mut ledger, decision(number, number, 0));
    }
    drop(ledger);
    let path = outbox_files(&place).remove(0);
    let mut bytes = fs::read(&path).unwrap();
    let second = bytes.windows(7).position(|window| window == b"value 2").unwrap();
    bytes[second] ^= 1;
    bytes.extend_from_slice(b"00000100 torn");
    fs::write(&path, &bytes).unwrap();

    let (ledger, notices) = Ledger::open(place.clone());
    assert_eq!(ids(&ledger), [decision(1, 1, 0).id, decision(3, 3, 0).id]);
    assert_eq!(notices.len(), 1, "{notices:?}");
    let aside = journal::files(&place, journal::DAMAGED).unwrap().remove(0);
    assert!(notices[0].contains(&*path.to_string_lossy()) && notices[0].contains(&*aside.to_string_lossy()));
    let aside = String::from_utf8(fs::read(aside).unwrap()).unwrap();
    assert!(aside.contains("alue 2 ") && aside.ends_with("00000100 torn"), "{aside}");
    drop(ledger);
    let (ledger, notices) = Ledger::open(place);
    assert_eq!((ids(&ledger).len(), notices.len()), (2, 0), "it is told once");
}

/// Damages a file, opens the ledger over it and checks that it holds what is to be kept, tells of the rest once, and has
/// put the rest aside.
fn assert_kept(place: &Place, path: &Path, bytes: &[u8], expected: &[Vec<DecisionId>], what: &str) {
    for left in journal::files(place, journal::DAMAGED).unwrap() {
        fs::remove_file(left).unwrap();
    }
    fs::write(path, bytes).unwrap();
    let (ledger, notices) = Ledger::open(place.clone());
    assert!(expected.contains(&ids(&ledger)), "{what}: {:?}", ids(&ledger));
    let damaged: usize = read(bytes).damaged.iter().map(ExactSizeIterator::len).sum();
    let aside = journal::files(place, journal::DAMAGED).unwrap();
    let size: u64 = aside.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert_eq!(size, damaged as u64, "{what}");
    assert_eq!(
        (notices.len(), aside.len()),
        if damaged > 0 { (1, 1) } else { (0, 0) },
        "{what}: {notices:?}"
    );
    if let Some(aside) = aside.first() {
        assert!(notices[0].contains(&*aside.to_string_lossy()), "{what}: {notices:?}");
        let before = ids(&ledger);
        drop(ledger);
        let (ledger, notices) = Ledger::open(place.clone());
        assert_eq!((ids(&ledger), notices), (before, Vec::new()), "{what}: the second time");
    }
}

#[test]
fn whichever_byte_of_the_file_is_wrong_or_the_last_the_other_decisions_are_sent_and_the_user_is_told() {
    // Every byte takes a while: only the long form looks at each.
    let step = if std::env::var("GAPDECK_SOAK").is_ok_and(|text| text == "full") { 1 } else { 13 };
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let all: Vec<DecisionId> = (1..=3).map(|number| decision(number, number, 0).id).collect();
    let mut ends = Vec::new();
    for number in 1..=3 {
        keep(&mut ledger, decision(number, number, 0));
        ends.push(usize::try_from(fs::metadata(&outbox_files(&place)[0]).unwrap().len()).unwrap());
    }
    drop(ledger);
    let path = outbox_files(&place).remove(0);
    let whole = fs::read(&path).unwrap();
    let header = whole.iter().position(|byte| *byte == b'\n').unwrap();
    for at in (0..whole.len()).step_by(step) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x15;
        let hit = ends.iter().position(|end| at < *end).unwrap();
        let others: Vec<DecisionId> =
            all.iter().enumerate().filter(|(index, _)| *index != hit).map(|(_, id)| *id).collect();
        // What is wrong may be the header, or a line end, which nothing depends on.
        let expected = if at <= header { vec![all.clone()] } else { vec![others, all.clone()] };
        assert_kept(&place, &path, &bytes, &expected, &format!("byte {at}"));
        // A record is whole without its line end.
        let whole_ones = ends.iter().filter(|end| **end - 1 <= at).count();
        let expected = [all[..whole_ones].to_vec()];
        assert_kept(&place, &path, &whole[..at], &expected, &format!("cut after {at} bytes"));
    }
}

#[test]
fn files_of_another_database_or_of_a_newer_gapdeck_are_left_alone() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    keep(&mut ledger, decision(1, 1, 0));
    drop(ledger);
    let path = outbox_files(&place).remove(0);
    let before = fs::read(&path).unwrap();
    let other = Place { identity: "ann@db:5432/cat".into(), ..place.clone() };
    let (ledger, notices) = Ledger::open(other);
    assert!(ids(&ledger).is_empty() && notices[0].contains("embedded"), "{notices:?}");
    assert_eq!(fs::read(&path).unwrap(), before);

    let Record::Header(mut header) = read(&before).records.remove(0) else { panic!("no header") };
    header.format += 1;
    let newer = bytes_of(&[Record::Header(header), kept(1)]);
    fs::write(&path, &newer).unwrap();
    let (ledger, notices) = Ledger::open(place);
    assert!(ids(&ledger).is_empty() && notices[0].contains("newer"), "{notices:?}");
    assert_eq!(fs::read(&path).unwrap(), newer);
}

#[test]
fn a_directory_that_cannot_be_made_refuses_the_decision_and_says_which() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (mut ledger, _) = Ledger::open(Place::embedded(file.path()));
    let error = ledger.keep(vec![(decision(1, 1, 0), Fence::Open)]).remove(0).1.unwrap_err();
    assert!(error.to_string().contains(&*file.path().to_string_lossy()), "{error}");
    assert_eq!(ledger.count(), (0, 0));
}

#[test]
fn a_long_file_of_settled_decisions_is_shortened_while_it_is_in_use() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let batch: Vec<_> = (1..=400).map(|number| (decision(number, number, 0), Fence::Open)).collect();
    for (id, result) in ledger.keep(batch) {
        result.unwrap();
        ledger.sent(&[id]);
    }
    let path = outbox_files(&place).remove(0);
    assert!(fs::metadata(&path).unwrap().len() < 1_000, "nothing unsettled is left in it");
    keep(&mut ledger, decision(500, 1, 0));
    drop(ledger);
    assert_eq!(ids(&Ledger::open(place).0), [decision(500, 1, 0).id]);
}

fn entries(decisions: &[Decision]) -> Entries {
    let mut entries = Entries::default();
    for decision in decisions {
        entries.push(Entry::pending(decision.clone(), Fence::Open));
    }
    entries
}

#[test]
fn a_refused_decision_blocks_those_that_build_on_it_and_no_others() {
    let [a, b, on_a] = [decision(1, 1, 0), decision(2, 2, 0), decision(3, 1, 1)];
    let mut all = entries(&[a.clone(), b.clone(), on_a.clone()]);
    let changes = all.fail(a.id, &refused());
    assert_eq!(changes.failed, [(a.id, refused()), (on_a.id, Failure::BuildsOn { id: a.id })]);
    assert_eq!(all.next()[0].decision, b);
    all.remove(b.id);
    assert!(all.next().is_empty());
    assert_eq!(all.count(), (0, 2));
    all.again();
    assert_eq!(all.next()[0].decision, a, "in the order in which they build on each other");
}

#[test]
fn what_was_taken_back_before_it_was_refused_is_gone_with_its_undo() {
    let a = decision(1, 1, 0);
    let back = undo(2, &a, 1);
    let again = decision(3, 1, 2);
    let mut all = entries(&[a.clone(), back.clone(), again.clone()]);
    let changes = all.fail(a.id, &refused());
    assert_eq!(changes.dropped, [a.id, back.id]);
    assert_eq!(changes.failed, [(again.id, refused())]);
}

#[test]
fn decisions_on_one_gap_go_in_order_whatever_the_clock_said() {
    let mut late_clock = decision(1, 1, 1);
    late_clock.decided_at -= TimeDelta::days(1);
    let first = decision(2, 1, 0);
    let mut all = Entries::default();
    all.merge(entries(std::slice::from_ref(&first)));
    all.merge(entries(std::slice::from_ref(&late_clock)));
    assert_eq!(all.iter().next().unwrap().decision.id, late_clock.id);
    assert_eq!(all.next()[0].decision, first);
}

#[test]
fn a_new_decision_replaces_refused_ones_on_its_gap_also_after_a_restart() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let [a, again] = [decision(1, 1, 0), decision(2, 1, 4)];
    keep(&mut ledger, a.clone());
    ledger.failed(a.id, &refused());
    assert_eq!(keep(&mut ledger, again.clone()), Kept::Kept { replaced: vec![a.id] });
    drop(ledger);
    let (ledger, _) = Ledger::open(place);
    assert_eq!(ids(&ledger), [again.id]);
}

#[test]
fn an_undo_of_a_refused_decision_leaves_neither() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let a = decision(1, 1, 0);
    keep(&mut ledger, a.clone());
    ledger.failed(a.id, &refused());
    assert_eq!(keep(&mut ledger, undo(2, &a, 1)), Kept::Withdrawn { of: a.id });
    drop(ledger);
    assert_eq!(ids(&Ledger::open(place).0), []);
}

#[test]
fn what_is_listed_is_what_is_there_and_only_refused_decisions_are_discarded() {
    let (_directory, place) = place();
    let (mut ledger, _) = Ledger::open(place.clone());
    let [a, b] = [decision(1, 1, 0), decision(2, 2, 0)];
    keep(&mut ledger, a.clone());
    keep(&mut ledger, b.clone());
    ledger.failed(a.id, &refused());
    let found = survey(&place).unwrap().decisions;
    let told: Vec<_> = found.iter().map(|one| (one.decision.id, one.status.clone(), one.is_held)).collect();
    assert_eq!(told, [(a.id, Status::Failed(refused()), true), (b.id, Status::Pending, true)]);
    assert!(discard(&place, a.id).unwrap_err().message.contains("running"));
    drop(ledger);
    assert!(discard(&place, b.id).unwrap_err().message.contains("waits"));
    assert_eq!(discard(&place, a.id).unwrap(), [a.id]);
    assert_eq!(survey(&place).unwrap().decisions.len(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Keep(u32),
    /// Three gaps, the first of this number.
    KeepTogether(u32),
    Sent,
    Failed,
    Again,
    Discard(u32),
    /// The process dies; how many bytes of the last unsynced marks are lost does not matter.
    Crash,
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u32..4).prop_map(Step::Keep),
        2 => (0_u32..4).prop_map(Step::KeepTogether),
        3 => Just(Step::Sent),
        2 => Just(Step::Failed),
        1 => Just(Step::Again),
        1 => (0_u32..40).prop_map(Step::Discard),
        1 => Just(Step::Crash),
        1 => Just(Step::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_files_say_what_the_ledger_knows_after_any_history(steps in prop::collection::vec(step(), 1..40)) {
        let (_directory, place) = place();
        let (mut ledger, _) = Ledger::open(place.clone());
        let mut versions = BTreeMap::new();
        let mut count = 0;
        for step in steps {
            match step {
                Step::Keep(gap) => {
                    count += 1;
                    let version = versions.entry(gap).or_insert(0);
                    keep(&mut ledger, decision(count, gap, *version));
                    *version += 1;
                }
                Step::KeepTogether(gap) => {
                    let decisions = (gap..gap + 3).map(|gap| {
                        count += 1;
                        let version = versions.entry(gap).or_insert(0);
                        *version += 1;
                        decision(count, gap, *version - 1)
                    });
                    ledger.keep_together(decisions.collect()).unwrap();
                }
                Step::Sent => {
                    let next: Vec<_> = ledger.next().iter().map(|entry| entry.decision.id).collect();
                    ledger.sent(&next);
                }
                Step::Failed => {
                    if let Some(id) = ledger.next().first().map(|entry| entry.decision.id) {
                        ledger.failed(id, &refused());
                    }
                }
                Step::Again => {
                    ledger.again();
                }
                Step::Discard(number) => {
                    ledger.discard(decision(number, 0, 0).id).unwrap();
                }
                Step::Crash | Step::Close => {
                    let before: Vec<_> = ledger.entries().map(|one| (one.decision.clone(), one.status.clone())).collect();
                    if matches!(step, Step::Crash) { drop(ledger) } else { ledger.close(); }
                    let (reopened, notices) = Ledger::open(place.clone());
                    prop_assert!(notices.is_empty(), "{notices:?}");
                    let after: Vec<_> = reopened.entries().map(|one| (one.decision.clone(), one.status.clone())).collect();
                    prop_assert_eq!(before, after);
                    ledger = reopened;
                }
            }
        }
        let unsettled = ledger.count();
        ledger.close();
        prop_assert_eq!(outbox_files(&place).is_empty(), unsettled == (0, 0));
    }
}
