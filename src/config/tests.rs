use super::settings::SETTINGS;
use super::*;
use std::io::Write;
use tempfile::NamedTempFile;

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn load(text: &str, change: impl FnOnce(&mut Place)) -> Config {
    let file = file(text);
    let mut place = Place { config: Some(file.path().to_owned()), ..Place::default() };
    change(&mut place);
    Config::load(&place).unwrap()
}

fn value<'a>(config: &'a Config, name: &str) -> &'a Value {
    config.values.iter().find(|value| value.name == name).unwrap()
}

#[test]
fn the_file_is_used_line_by_line_and_says_where_each_value_stands() {
    let config =
        load("reviewer = 'ann'\nmax_replica_lag = 2\ncolor = 'never'\n[theme]\nname = 'light'\n", |_| {});
    assert_eq!(config.reviewer.as_str(), "ann");
    assert_eq!(config.replicas.max_lag, Duration::from_secs(2));
    assert_eq!((config.screen.colour, config.screen.theme, config.screen.motion), ("never", "light", "full"));
    assert!(config.problems.is_empty() && !config.doubtful, "{:?}", config.problems);
    assert!(value(&config, "theme.name").origin.to_string().ends_with(":5"));
    assert_eq!(value(&config, "motion").origin, Origin::Default);
    assert_eq!(value(&config, "refresh_views_after").text, "\"24h\"");
    let short = load("theme = 'light'", |_| {});
    assert_eq!((short.screen.theme, short.problems), ("light", Vec::new()));
}

#[test]
fn the_command_line_wins_over_the_file() {
    let config = load("reviewer = 'ann'\ndatabase_url = 'postgres://file/db'\n", |place| {
        place.reviewer = Some("bob".into());
        place.origins.reviewer = Origin::Flag("--reviewer");
        place.theme = Some("mono".into());
        place.data_dir = Some("/tmp/here".into());
        place.origins.data_dir = Origin::Flag("--data-dir");
    });
    assert_eq!(config.reviewer.as_str(), "bob");
    assert_eq!(config.screen.theme, "mono");
    assert_eq!(config.location, Location::Embedded("/tmp/here".into()));
    assert_eq!(value(&config, "theme.name").origin, Origin::Flag("--theme"));
}

#[test]
fn a_mistake_costs_its_own_value_only_and_stops_what_nobody_watches() {
    let config = load("reviewer = ''\nmax_replica_lag = 'x'\nrefresh_views_after = '7d'\n", |_| {});
    assert_eq!(config.refresh_views_after, Duration::from_secs(7 * 86_400));
    let said: Vec<_> = config.problems.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(
        said,
        [
            "max_replica_lag takes a number of seconds, not a text",
            "reviewer: the reviewer's name must have 1 to 200 printable characters"
        ]
    );
    let error = config.strict().unwrap_err();
    assert!(
        error.kind == ErrorKind::Input && error.message.contains(":1: ") && error.message.contains(":2: ")
    );
    assert!(!config.doubtful);
}

#[test]
fn what_is_wrong_with_the_screen_stops_no_command() {
    let text =
        "motion = 'fast'\n[theme]\nname = 'pink'\nnam = 1\n[keys]\npreset = 'vi'\n[keys.queue]\nx = 1\n";
    let config = load(text, |_| {});
    assert_eq!(config.strict(), Ok(()));
    assert_eq!((config.screen.theme, config.screen.preset, config.screen.motion), ("dark", "vim", "full"));
    assert_eq!(config.problems.len(), 3, "{:?}", config.problems);
    assert!(config.problems.iter().any(|problem| problem.what.contains("did you mean \"vim\"")));
    let open: Vec<String> = config.screen.tables.iter().map(|(entry, _)| entry.name()).collect();
    assert_eq!(open, ["theme.nam", "keys.queue.x"], "the screen reads these");
}

#[test]
fn a_file_that_may_have_named_the_database_leaves_a_doubt() {
    for text in [
        "database_url = 'postgres://host/db",
        "database_url = 7",
        "data_dri = '/srv/catalogue'",
        "databse_url = 'postgres://host/db'",
        "[server]\ndatabase_url = 'postgres://host/db'",
        "[[[",
    ] {
        let config = load(text, |_| {});
        assert!(config.doubtful && matches!(config.location, Location::Embedded(_)), "{text}");
        assert!(config.strict().is_err(), "{text}");
        // Whoever names the database leaves no doubt.
        let named = load(text, |place| {
            place.data_dir = Some("/tmp/here".into());
            place.origins.data_dir = Origin::Flag("--data-dir");
        });
        assert!(!named.doubtful, "{text}");
    }
    let missing = Place { config: Some("/nowhere/config.toml".into()), ..Place::default() };
    let config = Config::load(&missing).unwrap();
    assert!(config.doubtful && config.strict().unwrap_err().message.contains("/nowhere/config.toml"));
    for harmless in ["", "motion = 7", "reviewr = 'ann'", "[keys.queue]\naccept = 7"] {
        assert!(!load(harmless, |_| {}).doubtful, "{harmless}");
    }
}

#[test]
fn a_name_that_is_none_is_told_with_what_was_meant() {
    let config = load("reviewr = 'ann'\n[pictures]\nx = 1\n[themes]\nname = 'light'\n", |_| {});
    let said: Vec<_> = config.problems.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(
        said,
        [
            "there is no setting \"reviewr\"; did you mean \"reviewer\"?",
            "there is no setting \"pictures.x\"",
            "there is no setting \"themes.name\"; did you mean \"theme.name\"?",
        ]
    );
}

#[test]
fn no_password_is_among_the_values() {
    let config = load(
        "database_url = 'postgres://ann:sEcReT@host/db'\nread_urls = ['postgres://ann:sEcReT@two/db']\n",
        |_| {},
    );
    let values = format!("{:?}", config.values);
    assert!(values.contains("ann:***@host") && !values.contains("sEcReT"), "{values}");
}

proptest::proptest! {
    #[test]
    fn no_text_stops_the_loader(text in r"((reviewer|database_url|data_dir|color|theme|keys|read_urls|max_replica_lag)(\.name)? ?=? ?('\PC{0,6}'|\[('a',?)*\]|-?[0-9.]{0,5}|true|\{)?\n|\PC{0,10}\n){0,6}") {
        let config = load(&text, |_| {});
        proptest::prop_assert!(config.screen.colour.len() > 3 && config.screen.preset.len() > 2);
    }
}

/// The table says in words what the code takes where nothing is given.
#[test]
fn the_table_names_the_defaults_that_hold() {
    let default = |name: &str| SETTINGS.iter().find(|one| one.name == name).expect(name).default;
    let age = default("refresh_views_after").trim_matches('"');
    assert_eq!(age::parse(age), Ok(REFRESH_VIEWS_AFTER));
    let lag: u64 = default("max_replica_lag").parse().unwrap();
    assert_eq!(Duration::from_secs(lag), ReadReplicas::MAX_LAG);
}
