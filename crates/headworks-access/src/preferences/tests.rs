use headworks_core::Role;
use tempfile::TempDir;

use super::*;
use crate::{NewUser, SessionLimits};

fn open() -> (TempDir, Access, [Uuid; 2]) {
    let directory = tempfile::tempdir().unwrap();
    let access = Access::open(directory.path(), SessionLimits::default()).unwrap();
    let users = ["eve", "ann"].map(|name| {
        let user = NewUser {
            name: name.into(),
            full_name: String::new(),
            role: Role::Owner,
            write: None,
            password: Some("kettle-drum 7 ferry".into()),
            password_hash: None,
            must_change_password: false,
        };
        access.add_user(&user, 1).unwrap().id
    });
    (directory, access, users)
}

fn value(access: &Access, user: Uuid, key: &str) -> Option<(String, i64)> {
    let found = access.preference(user, key).unwrap();
    found.map(|found| (found.value, found.changed_us))
}

#[test]
fn each_account_keeps_its_own_and_takes_it_along() {
    let (directory, access, [eve, ann]) = open();
    access.set_preference(eve, "look", "1", 5).unwrap();
    access.set_preference(ann, "look", "2", 6).unwrap();
    access.set_preference(eve, "look", "3", 7).unwrap();
    access.set_preference(eve, "columns", "4", 8).unwrap();
    drop(access);
    let access = Access::open(directory.path(), SessionLimits::default()).unwrap();
    assert_eq!(value(&access, eve, "look"), Some(("3".into(), 7)));
    assert_eq!(value(&access, ann, "look"), Some(("2".into(), 6)));
    assert_eq!(value(&access, ann, "columns"), None);
    let kept = access.preferences(eve).unwrap();
    let keys: Vec<&str> = kept.iter().map(|one| one.key.as_str()).collect();
    assert_eq!(keys, ["columns", "look"]);

    access.remove_preference(eve, "look").unwrap();
    access.remove_preference(eve, "look").unwrap();
    assert_eq!(value(&access, eve, "look"), None);
    access.remove_user(eve).unwrap();
    assert_eq!(access.preferences(eve).unwrap(), []);
    assert_eq!(value(&access, ann, "look"), Some(("2".into(), 6)));
    let refused = access.set_preference(eve, "look", "5", 9);
    assert!(matches!(refused, Err(AccessError::NotFound { .. })));
}

#[test]
fn an_account_keeps_so_much_and_no_more() {
    let (_directory, access, [eve, ann]) = open();
    let long = "x".repeat(PREFERENCE_BYTES_MAX);
    for number in 0..PREFERENCES_MAX {
        let key = format!("k{number}");
        access.set_preference(eve, &key, "1", 1).unwrap();
    }
    access.set_preference(eve, "k0", &long, 2).unwrap();
    let refused = access.set_preference(eve, "more", "1", 3);
    assert!(matches!(refused, Err(AccessError::TooMany { .. })));
    access.set_preference(ann, "more", "1", 3).unwrap();
    access.remove_preference(eve, "k7").unwrap();
    access.set_preference(eve, "more", "1", 4).unwrap();

    let refused = access.set_preference(eve, "k0", &format!("{long}x"), 5);
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("65537") && text.contains("65536"), "{text}");
    for key in ["", "a b", "ä", "../x", &"k".repeat(65)] {
        let refused = access.set_preference(eve, key, "1", 1);
        assert!(matches!(refused, Err(AccessError::Invalid { .. })), "{key}");
    }
}
