use proptest::prelude::*;

use super::*;

fn graph(formulas: &[(u32, &[u32])]) -> Result<Graph, Cycle> {
    let owned: Vec<(u32, Vec<u32>)> = formulas
        .iter()
        .map(|(result, inputs)| (*result, inputs.to_vec()))
        .collect();
    Graph::new(&owned)
}

fn affected(graph: &Graph, changed: &[u32]) -> Vec<u32> {
    let mut result = Vec::new();
    graph.affected(changed, &mut Wave::default(), &mut result);
    let keys = result.iter().map(|place| graph.order()[*place as usize]);
    keys.collect()
}

#[test]
fn what_is_read_comes_first() {
    let graph = graph(&[(30, &[20, 1]), (20, &[10]), (10, &[1, 2])]).unwrap();
    assert_eq!(graph.order(), [10, 20, 30]);
    assert_eq!(graph.readers(1).collect::<Vec<_>>(), [10, 30]);
}

#[test]
fn only_what_is_touched_is_evaluated() {
    let graph = graph(&[
        (10, &[1, 2]),
        (20, &[10, 10]),
        (30, &[20, 1]),
        (40, &[3]),
        (50, &[40, 10]),
    ])
    .unwrap();
    assert_eq!(affected(&graph, &[3]), [40, 50]);
    assert_eq!(affected(&graph, &[2]), [10, 20, 30, 50]);
    assert_eq!(affected(&graph, &[20]), [30]);
    assert!(affected(&graph, &[99]).is_empty());
    assert_eq!(affected(&graph, &[2, 3]).len(), 5);
}

#[test]
fn a_cycle_is_refused_with_its_path() {
    let error = graph(&[(7, &[1]), (1, &[2, 9]), (2, &[3]), (3, &[1])]).unwrap_err();
    assert_eq!(error.path, [1, 2, 3, 1]);
    assert_eq!(
        error.to_string(),
        "formulas need each other: 1 -> 2 -> 3 -> 1"
    );
    assert_eq!(graph(&[(5, &[5])]).unwrap_err().path, [5, 5]);
}

#[test]
fn a_chain_of_a_hundred_thousand_is_no_danger() {
    let chain: Vec<(u32, Vec<u32>)> = (1..=100_000)
        .rev()
        .map(|key| (key, vec![key - 1]))
        .collect();
    let graph = Graph::new(&chain).unwrap();
    assert_eq!(graph.order()[..3], [1, 2, 3]);
    assert_eq!(affected(&graph, &[0]).len(), 100_000);
    let mut ring = chain;
    ring.push((0, vec![100_000]));
    assert_eq!(Graph::new(&ring).unwrap_err().path.len(), 100_002);
}

proptest! {
    /// Against the plain definition: an order without backward edges, or a true cycle.
    #[test]
    fn order_and_cycles_are_true(
        inputs in prop::collection::vec(prop::collection::vec(0_u32..24, 0..4), 1..20),
        changed in prop::collection::vec(0_u32..24, 0..3),
    ) {
        let formulas: Vec<(u32, Vec<u32>)> = (0..).zip(inputs).collect();
        match Graph::new(&formulas) {
            Ok(graph) => {
                let rank = |key: u32| graph.order().iter().position(|own| *own == key);
                for (result, inputs) in &formulas {
                    for input in inputs {
                        prop_assert!(rank(*input) < rank(*result) || rank(*input).is_none());
                    }
                }
                let found = affected(&graph, &changed);
                let mut want: Vec<u32> = Vec::new();
                for key in graph.order() {
                    let inputs = &formulas[*key as usize].1;
                    if inputs.iter().any(|input| changed.contains(input) || want.contains(input)) {
                        want.push(*key);
                    }
                }
                prop_assert_eq!(found, want);
            }
            Err(cycle) => {
                prop_assert!(1 < cycle.path.len());
                prop_assert_eq!(cycle.path.first(), cycle.path.last());
                for pair in cycle.path.windows(2) {
                    prop_assert!(formulas[pair[0] as usize].1.contains(&pair[1]));
                }
            }
        }
    }
}
