//! Tags as the plant keeps them.

use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use headworks_core::model::{FieldError, Object, ObjectId, Tag, TagValidation};
use headworks_core::{DataType, Scaling, TagIndex, TagPath};
use headworks_protocols::TagConfig;

/// One tag of the plant.
#[derive(Clone, Debug)]
pub struct TagEntry {
    id: ObjectId,
    revision: u64,
    updated_us: i64,
    index: TagIndex,
    device: ObjectId,
    path: TagPath, // invariant: the path of the tag's asset or device, and the tag's name
    address: Arc<str>,
    shape: Arc<Shape>,
}

/// What a tag has in common with many others: all of its body but device, name and address.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// The body; device, name and address of it mean nothing.
    tag: Tag,
    /// The scaling of the body, checked.
    pub(crate) scaling: Scaling,
}

/// The shapes and addresses in use, so that equal ones are kept once.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    shapes: HashSet<ByBody>,
    addresses: HashSet<Arc<str>>,
}

#[derive(Debug)]
struct ByBody(Arc<Shape>);

impl TagEntry {
    /// Returns the lasting identity.
    pub fn id(&self) -> ObjectId {
        self.id
    }

    /// Counts the changes of the tag, from 1.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the time of the last change, microseconds since 1970-01-01 UTC.
    pub fn updated_us(&self) -> i64 {
        self.updated_us
    }

    /// Returns the number under which its samples go through the hub and into the historian.
    pub fn index(&self) -> TagIndex {
        self.index
    }

    /// Returns the device it belongs to.
    pub fn device(&self) -> ObjectId {
        self.device
    }

    /// Returns the asset that it is placed in, where that is not the place of its device.
    pub fn asset(&self) -> Option<ObjectId> {
        self.shape.tag.asset
    }

    /// Returns the path: that of its asset or its device, and the name.
    pub fn path(&self) -> &TagPath {
        &self.path
    }

    /// Returns the name: the last segment of the path.
    pub fn name(&self) -> &str {
        self.path.segments().next_back().unwrap_or_default()
    }

    /// Returns where the device keeps it, as the protocol writes addresses.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns what it is calculated from, instead of being read.
    pub fn formula(&self) -> Option<&str> {
        self.shape.tag.formula.as_deref()
    }

    /// Returns how the bytes are read.
    pub fn data_type(&self) -> DataType {
        self.shape.tag.data_type
    }

    /// Returns the unit of the scaled value, empty for none.
    pub fn unit(&self) -> &str {
        &self.shape.tag.unit
    }

    /// Returns the digits behind the decimal point on screen.
    pub fn decimals(&self) -> Option<u8> {
        self.shape.tag.decimals
    }

    /// Returns the least plausible value.
    pub fn min(&self) -> Option<f64> {
        self.shape.tag.min
    }

    /// Returns the greatest plausible value.
    pub fn max(&self) -> Option<f64> {
        self.shape.tag.max
    }

    /// Returns the scaling between raw and engineering values.
    pub fn scaling(&self) -> Scaling {
        self.shape.scaling
    }

    /// Returns its own time between polls in milliseconds; the device's when absent.
    pub fn period_ms(&self) -> Option<u32> {
        self.shape.tag.period_ms
    }

    /// Returns whether it is to be polled, as far as the tag itself says.
    pub fn enabled(&self) -> bool {
        self.shape.tag.enabled
    }

    /// Returns whether it may be written.
    pub fn writable(&self) -> bool {
        self.shape.tag.writable
    }

    /// Returns whether its samples are stored.
    pub fn history(&self) -> bool {
        self.shape.tag.history
    }

    /// Returns what of its samples is plausible, beyond its range.
    pub fn validation(&self) -> &TagValidation {
        &self.shape.tag.validation
    }

    /// Returns what kind of value it has for expressions.
    pub fn value_kind(&self) -> headworks_core::expr::Kind {
        super::kind_of(self.data_type(), self.scaling())
    }

    /// Returns the free text.
    pub fn description(&self) -> &str {
        &self.shape.tag.description
    }

    /// Returns the tag as it was configured.
    pub fn object(&self) -> Object<Tag> {
        let mut body = self.shape.tag.clone();
        body.device = self.device;
        body.name = self.name().parse().expect("a segment of a path is a name");
        body.address = self.address.to_string();
        Object {
            id: self.id,
            revision: self.revision,
            updated_us: self.updated_us,
            body,
        }
    }

    pub(crate) fn new(
        object: Object<Tag>,
        index: TagIndex,
        path: TagPath,
        shapes: &mut Shapes,
    ) -> Result<TagEntry, FieldError> {
        Ok(TagEntry {
            id: object.id,
            revision: object.revision,
            updated_us: object.updated_us,
            index,
            device: object.body.device,
            path,
            address: shapes.address(&object.body.address),
            shape: shapes.shape(object.body)?,
        })
    }

    /// Returns the same tag at another path.
    pub(crate) fn moved(&self, path: TagPath) -> TagEntry {
        TagEntry {
            path,
            ..self.clone()
        }
    }

    /// Whether nothing of it differs.
    pub(crate) fn is_same(&self, other: &TagEntry) -> bool {
        (self.id, self.revision, self.updated_us) == (other.id, other.revision, other.updated_us)
            && (self.index, self.device, &self.path) == (other.index, other.device, &other.path)
            && self.address == other.address
            && Arc::ptr_eq(&self.shape, &other.shape)
    }

    pub(crate) fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// Returns what a driver is told of the tag.
    pub(crate) fn config(&self, device_period_ms: u32) -> TagConfig {
        let period = self.period(device_period_ms);
        let tag = &self.shape.tag;
        tag_config(tag, &self.address, self.index, self.path.clone(), period)
    }

    /// Returns the time between polls.
    pub(crate) fn period(&self, device_period_ms: u32) -> Duration {
        Duration::from_millis(self.period_ms().unwrap_or(device_period_ms).into())
    }
}

/// Returns what a driver is told of a tag.
pub(crate) fn tag_config(
    tag: &Tag,
    address: &str,
    index: TagIndex,
    path: TagPath,
    period: Duration,
) -> TagConfig {
    TagConfig {
        tag: index,
        path,
        address: address.into(),
        data_type: tag.data_type,
        order: tag.order,
        length: tag.length,
        period,
        writable: tag.writable,
    }
}

impl Shape {
    pub(crate) fn min(&self) -> Option<f64> {
        self.tag.min
    }

    pub(crate) fn max(&self) -> Option<f64> {
        self.tag.max
    }

    pub(crate) fn invalid(&self) -> &[i64] {
        &self.tag.invalid
    }

    pub(crate) fn history(&self) -> bool {
        self.tag.history
    }

    pub(crate) fn validation(&self) -> &TagValidation {
        &self.tag.validation
    }

    pub(crate) fn data_type(&self) -> DataType {
        self.tag.data_type
    }
}

impl Shapes {
    fn shape(&mut self, mut tag: Tag) -> Result<Arc<Shape>, FieldError> {
        let scaling = tag.scaling()?;
        tag.device = ObjectId(uuid::Uuid::nil());
        tag.name = "x".parse().expect("a name");
        tag.address = String::new();
        let shape = ByBody(Arc::new(Shape { tag, scaling }));
        if let Some(known) = self.shapes.get(&shape) {
            return Ok(Arc::clone(&known.0));
        }
        let new = Arc::clone(&shape.0);
        self.shapes.insert(shape);
        Ok(new)
    }

    fn address(&mut self, address: &str) -> Arc<str> {
        if let Some(known) = self.addresses.get(address) {
            return Arc::clone(known);
        }
        let new: Arc<str> = address.into();
        self.addresses.insert(Arc::clone(&new));
        new
    }

    /// Forgets what no tag uses any more.
    pub(crate) fn purge(&mut self) {
        self.shapes.retain(|shape| 1 < Arc::strong_count(&shape.0));
        self.addresses
            .retain(|address| 1 < Arc::strong_count(address));
    }
}

impl PartialEq for ByBody {
    fn eq(&self, other: &ByBody) -> bool {
        self.0.tag == other.0.tag
    }
}

impl Eq for ByBody {} // the numbers of a checked tag are finite, so that each equals itself

impl Hash for ByBody {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let tag = &self.0.tag;
        (
            tag.data_type,
            tag.order,
            tag.length,
            tag.period_ms,
            tag.asset,
        )
            .hash(state);
        (&tag.unit, &tag.description, &tag.invalid, &tag.formula).hash(state);
        let rules = &tag.validation;
        (rules.freeze_s, rules.expected_period_ms, rules.by_exception).hash(state);
        // +0.0 turns -0.0 into 0.0: equal numbers must hash alike
        for number in [tag.scale, tag.offset]
            .into_iter()
            .chain(tag.min)
            .chain(tag.max)
            .chain(rules.max_step)
            .chain(rules.max_rate_per_s)
        {
            (number + 0.0).to_bits().hash(state);
        }
    }
}
