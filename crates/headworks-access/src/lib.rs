//! Who may do what, and the record of who did: accounts, sessions, tokens, audit journal.
