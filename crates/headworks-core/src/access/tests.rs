use super::*;

fn scope(patterns: &[&str]) -> Scope {
    let patterns = patterns.iter().map(|text| text.parse().unwrap()).collect();
    Scope::new(patterns).unwrap()
}

fn path(text: &str) -> TagPath {
    text.parse().unwrap()
}

#[test]
fn every_role_may_do_what_the_one_before_may() {
    let needs = [
        (Permission::View, Role::Viewer),
        (Permission::Operate, Role::Operator),
        (Permission::Configure, Role::Admin),
        (Permission::Administer, Role::Admin),
        (Permission::Own, Role::Owner),
    ];
    for (permission, weakest) in needs {
        for role in Role::ALL {
            assert_eq!(
                role.may(permission),
                weakest <= role,
                "{role} {permission:?}"
            );
        }
    }
}

#[test]
fn a_name_of_a_role_comes_back() {
    for role in Role::ALL {
        assert_eq!(role.name().parse(), Ok(role));
    }
    assert!(
        "root"
            .parse::<Role>()
            .unwrap_err()
            .contains("viewer, operator")
    );
}

#[test]
fn writing_needs_the_role_and_the_scope_and_sight() {
    let all = Rights::new(Role::Operator, None, None);
    assert!(all.may_write(&path("a/b")));
    let narrow = Rights::new(Role::Operator, None, Some(scope(&["a/*"])));
    assert!(narrow.may_write(&path("a/b")));
    assert!(!narrow.may_write(&path("b/b")));
    assert!(narrow.sees(&path("b/b")));
    let viewer = Rights::new(Role::Viewer, None, Some(scope(&["a/*"])));
    assert!(!viewer.may_write(&path("a/b")));
    let blind = Rights::new(Role::Owner, Some(scope(&["b/**"])), None);
    assert!(!blind.may_write(&path("a/b")));
    let nothing = Rights::new(Role::Owner, None, Some(scope(&[])));
    assert!(!nothing.may_write(&path("a/b")));
}

#[test]
fn a_token_never_has_more_than_its_maker() {
    let maker = Rights::new(Role::Operator, None, Some(scope(&["a/**"])));
    let token = Rights::new(
        Role::Owner,
        Some(scope(&["a/*", "b/*"])),
        Some(scope(&["**"])),
    );
    let both = token.within(&maker);
    assert_eq!(both.role(), Role::Operator);
    assert!(both.is_narrowed());
    assert!(both.may_write(&path("a/b")));
    assert!(both.sees(&path("b/b")));
    assert!(!both.may_write(&path("b/b")));
    assert!(!both.may_write(&path("a/b/c")));
}

#[test]
fn a_scope_is_bounded() {
    let patterns = vec![Pattern::all(); Scope::PATTERNS_MAX + 1];
    assert_eq!(Scope::new(patterns), Err(TooManyPatterns { found: 65 }));
    let text = serde_json::to_string(&vec!["a"; 65]).unwrap();
    assert!(serde_json::from_str::<Scope>(&text).is_err());
    assert_eq!(
        serde_json::to_string(&scope(&["a/*"])).unwrap(),
        r#"["a/*"]"#
    );
}
