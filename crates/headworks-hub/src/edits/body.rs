//! The bodies of objects, of whatever kind.

use headworks_core::model::{
    Alarm, Asset, Channel, Connection, Dashboard, Device, Dictionary, FieldError, Group, Kind,
    ObjectBody, ObjectId, Picture, Policy, RetentionPolicy, Roster, Route, Tag, Template,
};

/// The body of an object of any kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A place of the plant.
    Asset(Asset),
    /// A link through one driver.
    Connection(Connection),
    /// What all devices of a type have in common.
    Template(Template),
    /// A thing behind a connection.
    Device(Device),
    /// A data point.
    Tag(Tag),
    /// Devices and tags that belong together.
    Group(Group),
    /// What an operator is to be told of.
    Alarm(Alarm),
    /// A way of samples to other tags and to web services.
    Route(Route),
    /// A way on which people are told of alarms.
    Channel(Channel),
    /// People, and who of them is on duty when.
    Roster(Roster),
    /// Who is told of which alarms.
    Policy(Policy),
    /// A page of widgets.
    Dashboard(Dashboard),
    /// A picture that pages of widgets show.
    Picture(Picture),
    /// How long samples are kept.
    Retention(RetentionPolicy),
    /// What the plant's own texts are in another language.
    Dictionary(Dictionary),
}

/// The body of one kind.
pub(crate) trait BodyOf: ObjectBody + 'static {
    /// Returns the body, if it is of this kind.
    fn of(body: &Body) -> Option<&Self>;
}

/// What can be done with every body.
trait AnyBody {
    fn kind(&self) -> Kind;
    fn check(&self) -> Result<(), FieldError>;
    fn to_json(&self) -> Result<String, serde_json::Error>;
}

impl<T: ObjectBody> AnyBody for T {
    fn kind(&self) -> Kind {
        T::KIND
    }

    fn check(&self) -> Result<(), FieldError> {
        ObjectBody::check(self)
    }

    fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }
}

/// Makes a variant of [`Body`] and its type each other's.
macro_rules! bodies {
    ($($variant:ident($body:ty)),* $(,)?) => {
        impl Body {
            fn any(&self) -> &dyn AnyBody {
                match self {
                    $(Body::$variant(body) => body,)*
                }
            }

            /// Reads the body of a kind from JSON.
            ///
            /// # Errors
            ///
            /// What is wrong and where.
            pub fn from_json(kind: Kind, json: &str) -> Result<Body, serde_json::Error> {
                match kind {
                    $(Kind::$variant => serde_json::from_str(json).map(Body::$variant),)*
                }
            }

            /// Reads the body of a kind from a JSON value.
            ///
            /// # Errors
            ///
            /// What is wrong.
            pub fn from_value(
                kind: Kind,
                json: serde_json::Value,
            ) -> Result<Body, serde_json::Error> {
                match kind {
                    $(Kind::$variant => serde_json::from_value(json).map(Body::$variant),)*
                }
            }
        }

        $(
            impl From<$body> for Body {
                fn from(body: $body) -> Body {
                    Body::$variant(body)
                }
            }

            impl BodyOf for $body {
                fn of(body: &Body) -> Option<&$body> {
                    match body {
                        Body::$variant(body) => Some(body),
                        _ => None,
                    }
                }
            }
        )*
    };
}

bodies! {
    Asset(Asset),
    Connection(Connection),
    Template(Template),
    Device(Device),
    Tag(Tag),
    Group(Group),
    Alarm(Alarm),
    Route(Route),
    Channel(Channel),
    Roster(Roster),
    Policy(Policy),
    Dashboard(Dashboard),
    Picture(Picture),
    Retention(RetentionPolicy),
    Dictionary(Dictionary),
}

impl Body {
    /// Returns the kind.
    pub fn kind(&self) -> Kind {
        self.any().kind()
    }

    /// Checks what one object can know of itself.
    ///
    /// # Errors
    ///
    /// The first field that cannot work, with the reason.
    pub fn check(&self) -> Result<(), FieldError> {
        self.any().check()
    }

    /// Returns the body as JSON.
    ///
    /// # Errors
    ///
    /// When a number is none that JSON knows.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        self.any().to_json()
    }

    /// Returns the name of the object: of an asset or a tag the last segment of its path, of a
    /// dictionary the language.
    pub fn name(&self) -> &str {
        match self {
            Body::Asset(body) => body.name.as_str(),
            Body::Connection(body) => &body.name,
            Body::Template(body) => &body.name,
            Body::Device(body) => &body.name,
            Body::Tag(body) => body.name.as_str(),
            Body::Group(body) => &body.name,
            Body::Alarm(body) => &body.name,
            Body::Route(body) => &body.name,
            Body::Channel(body) => &body.name,
            Body::Roster(body) => &body.name,
            Body::Policy(body) => &body.name,
            Body::Dashboard(body) => &body.name,
            Body::Picture(body) => &body.name,
            Body::Retention(body) => &body.name,
            Body::Dictionary(body) => &body.language,
        }
    }

    /// Returns the objects that it rests on: when one of them is deleted, it must go too.
    pub fn rests_on(&self) -> Vec<ObjectId> {
        match self {
            Body::Asset(body) => body.parent.into_iter().collect(),
            Body::Template(body) => body.base.into_iter().collect(),
            Body::Device(body) => std::iter::once(body.connection).chain(body.asset).collect(),
            Body::Tag(body) => std::iter::once(body.device).chain(body.asset).collect(),
            Body::Alarm(body) => body.tag.into_iter().collect(),
            Body::Policy(body) => body.names().collect(),
            Body::Connection(_)
            | Body::Group(_)
            | Body::Channel(_)
            | Body::Roster(_)
            | Body::Route(_)
            | Body::Dashboard(_)
            | Body::Picture(_)
            | Body::Retention(_)
            | Body::Dictionary(_) => Vec::new(),
        }
    }
}
