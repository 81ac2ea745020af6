//! How much a device gives at once, learned from what it accepts and refuses.

/// Counts that limits of real devices are, ascending.
const USUAL: [u16; 27] = [
    1, 2, 4, 8, 10, 12, 16, 20, 24, 25, 30, 32, 40, 48, 50, 60, 64, 80, 96, 100, 110, 120, 123,
    125, 256, 512, 1000,
];

/// The greatest count of one read, as far as it is known.
#[derive(Clone, Debug)]
pub(in crate::modbus) struct Limit {
    most: u16,
    accepted: u16,        // 0 until something was accepted
    refused: Option<u16>, // the least count that was too great
}

impl Limit {
    pub(in crate::modbus) fn new(most: u16) -> Limit {
        Limit {
            most: most.max(1),
            accepted: 0,
            refused: None,
        }
    }

    /// Returns the count to ask for now.
    pub(in crate::modbus) fn most(&self) -> u16 {
        let Some(refused) = self.refused else {
            return self.most;
        };
        if self.accepted == 0 {
            return (refused / 2).max(1);
        }
        let open = |count: &&u16| self.accepted < **count && **count < refused;
        let usual: Vec<&u16> = USUAL.iter().filter(open).collect();
        usual
            .get(usual.len() / 2)
            .map_or(self.accepted, |count| **count)
    }

    /// Returns whether reads of so many have been answered, so that a refusal has another reason.
    pub(in crate::modbus) fn is_accepted(&self, count: u16) -> bool {
        count <= self.accepted
    }

    /// Returns the limit when it is below what was allowed.
    pub(in crate::modbus) fn learned(&self) -> Option<u16> {
        self.refused.map(|_| self.accepted.max(1))
    }

    pub(in crate::modbus) fn accept(&mut self, count: u16) {
        self.accepted = self.accepted.max(count);
        if self.refused.is_some_and(|refused| refused <= count) {
            self.refused = None; // it was refused for another reason
        }
    }

    pub(in crate::modbus) fn refuse(&mut self, count: u16) {
        let least = self.refused.map_or(count, |refused| refused.min(count));
        self.refused = Some(least).filter(|least| self.accepted < *least);
    }

    /// Forgets what was taken for a limit.
    pub(in crate::modbus) fn forget(&mut self) {
        self.refused = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads on and on from a device with a limit; returns what was settled on and the refusals.
    fn learn(real: u16) -> (u16, u32) {
        let mut limit = Limit::new(125);
        let mut refusals = 0;
        for _ in 0..40 {
            let count = limit.most();
            if count <= real {
                limit.accept(count);
            } else {
                refusals += 1;
                limit.refuse(count);
            }
        }
        (limit.most(), refusals)
    }

    #[test]
    fn every_usual_limit_is_found_with_a_few_refusals() {
        for real in [1, 8, 10, 16, 20, 32, 50, 60, 64, 100, 120, 123] {
            let (found, refusals) = learn(real);
            assert_eq!(found, real);
            assert!(refusals <= 8, "{real}: {refusals}");
        }
        assert_eq!(learn(125), (125, 0));
    }

    #[test]
    fn an_unusual_limit_is_nearly_found() {
        for real in 1..125 {
            let (found, _) = learn(real);
            assert!(
                found <= real && real <= found + found / 3 + 1,
                "{real}: {found}"
            );
        }
    }
}
