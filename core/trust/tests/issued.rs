//! `x-issued`, the publisher's time of signing: how far it is believed.

use edgerail_trust::testing::{NOW, Repository, Signer, Storage};
use edgerail_trust::{Client, ISSUED_AHEAD, Limits};

const DAY: u64 = 86_400;

/// A repository whose timestamp says this time and expires at that one.
fn says(repository: &mut Repository, issued: &str, expires: &str) {
    let timestamp = repository.role("timestamp");
    timestamp
        .extra
        .insert("x-issued".into(), format!("\"{issued}\""));
    timestamp.expires = expires.into();
    repository.publish(&["timestamp"]);
}

fn client(repository: &Repository) -> (Client, Storage) {
    let client = Client::new(repository.pinned(), Limits::default()).unwrap();
    (client, Storage::default())
}

fn refresh(
    client: &mut Client,
    storage: &mut Storage,
    repository: &Repository,
    now: Option<u64>,
) -> bool {
    client.refresh(now);
    storage.drive(client, |path| repository.fetch(path)).is_ok()
}

#[test]
fn t_role_1_a_timestamp_key_cannot_make_everything_else_expire() {
    let mut repository = Repository::new(81);
    says(
        &mut repository,
        "2026-01-01T00:00:00Z",
        "2029-01-01T00:00:00Z",
    );
    for clock in [Some(NOW), None] {
        let mut repository = repository.clone();
        let (mut client, mut storage) = client(&repository);
        assert!(refresh(&mut client, &mut storage, &repository, clock));
        let honest = client.issued();
        // Beyond the expiry of the root.
        says(
            &mut repository,
            "2100-01-01T00:00:00Z",
            "2101-01-01T00:00:00Z",
        );
        for _ in 0..3 {
            assert!(refresh(&mut client, &mut storage, &repository, clock));
            assert_eq!(client.issued(), honest, "{clock:?}");
        }
        // As it came back from the disk, too.
        let (mut again, _) = self::client(&repository);
        assert!(refresh(&mut again, &mut storage, &repository, clock));
        assert_eq!(again.issued(), None);
        says(
            &mut repository,
            "2026-01-01T00:00:01Z",
            "2029-01-01T00:00:00Z",
        );
        assert!(refresh(&mut client, &mut storage, &repository, clock));
        assert_eq!(client.issued(), Some(NOW + 1));
    }
}

#[test]
fn a_publishers_clock_a_year_ahead_ends_no_updates() {
    let mut repository = Repository::new(82);
    let (mut client, mut storage) = client(&repository);
    says(
        &mut repository,
        "2027-01-01T00:00:00Z",
        "2027-01-08T00:00:00Z",
    );
    assert!(refresh(&mut client, &mut storage, &repository, Some(NOW)));
    assert_eq!((client.issued(), client.time()), (None, NOW));
    says(
        &mut repository,
        "2026-01-01T00:00:00Z",
        "2026-01-08T00:00:00Z",
    );
    assert!(refresh(&mut client, &mut storage, &repository, Some(NOW)));
    // The step is exact.
    for (clock, counts) in [(2 * DAY - 1, false), (2 * DAY, true)] {
        let mut repository = repository.clone();
        says(
            &mut repository,
            "2026-01-04T00:00:00Z",
            "2026-02-01T00:00:00Z",
        );
        let (mut client, mut storage) = self::client(&repository);
        assert!(refresh(
            &mut client,
            &mut storage,
            &repository,
            Some(NOW + clock)
        ));
        assert_eq!(client.issued().is_some(), counts, "{clock}");
        assert_eq!(ISSUED_AHEAD, DAY);
    }
    // Its own expiry is no time of signing; a text that is no time is no timestamp.
    says(
        &mut repository,
        "2026-01-02T00:00:00Z",
        "2026-01-02T00:00:00Z",
    );
    assert!(refresh(&mut client, &mut storage, &repository, Some(NOW)));
    assert_eq!(client.issued(), Some(NOW));
    says(&mut repository, "yesterday", "2026-01-09T00:00:00Z");
    assert!(!refresh(&mut client, &mut storage, &repository, Some(NOW)));
}

#[test]
fn under_the_same_keys_it_never_goes_back_not_even_over_a_restart() {
    let mut repository = Repository::new(83);
    says(
        &mut repository,
        "2026-01-01T00:00:00Z",
        "2026-06-01T00:00:00Z",
    );
    let (mut client, mut storage) = client(&repository);
    assert!(refresh(&mut client, &mut storage, &repository, Some(NOW)));
    says(
        &mut repository,
        "2025-06-01T00:00:00Z",
        "2026-06-01T00:00:00Z",
    );
    assert!(refresh(
        &mut client,
        &mut storage,
        &repository,
        Some(NOW - 9 * DAY)
    ));
    assert_eq!((client.issued(), client.time()), (Some(NOW), NOW));
    let (mut again, _) = self::client(&repository);
    again.remember(client.issued(), client.root_version());
    assert!(refresh(
        &mut again,
        &mut storage,
        &repository,
        Some(NOW - 9 * DAY)
    ));
    assert_eq!((again.issued(), again.time()), (Some(NOW), NOW));
}

#[test]
fn t_ff_a_stolen_time_is_forgotten_by_every_process_once_the_key_is_replaced() {
    let mut repository = Repository::new(84);
    let honest = repository.clone();
    // Without a clock the most that can be said is what lies before the expiry of the root.
    says(
        &mut repository,
        "2029-12-31T00:00:00Z",
        "2030-06-01T00:00:00Z",
    );
    let stolen = Some(NOW + 1460 * DAY);
    let (mut one, mut storage) = client(&repository);
    assert!(refresh(&mut one, &mut storage, &repository, None));
    let (mut other, _) = client(&repository);
    assert!(refresh(&mut other, &mut storage, &repository, None));
    assert_eq!((one.issued(), other.issued()), (stolen, stolen));
    let mut honest = honest;
    honest.rotate("timestamp", Signer::ed25519(8401));
    honest.publish(&["root"]);
    says(&mut honest, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    // One of them gets the root from the network, the other finds it stored; a third knows the time from its state.
    assert!(refresh(&mut one, &mut storage, &honest, None));
    assert_eq!(one.issued(), Some(NOW));
    assert!(refresh(&mut other, &mut storage, &honest, None));
    assert_eq!(other.issued(), Some(NOW));
    let (mut third, _) = client(&honest);
    third.remember(stolen, 1);
    assert!(refresh(&mut third, &mut storage, &honest, None));
    assert_eq!(third.issued(), Some(NOW));
    // Told too late, it counts no more either; told under the new root it does.
    third.remember(stolen, 1);
    assert_eq!(third.issued(), Some(NOW));
    third.remember(Some(NOW + 5), 2);
    assert_eq!(third.issued(), Some(NOW + 5));
}
