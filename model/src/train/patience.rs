//! Early stopping: the rule that ends a training before its last epoch.

use super::hyperparameters::EarlyStopping;

/// Counts the epochs in which the validation accuracy has not risen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Patience {
    /// The best accuracy so far.
    pub(super) best: f32,
    /// Epochs since then.
    pub(super) waited: usize,
}

impl Patience {
    /// Takes in the accuracy after `epoch` (from 0); true when it is time to stop.
    pub(super) fn is_over(&mut self, rule: EarlyStopping, epoch: usize, accuracy: f32) -> bool {
        if accuracy > self.best * (1.0 + rule.tolerance) {
            *self = Self {
                best: accuracy,
                waited: 0,
            };
        } else {
            self.waited += 1;
        }
        epoch + 1 >= rule.min_epochs && self.waited >= rule.patience
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_over_when_nothing_has_risen_for_long_enough() {
        let rule = EarlyStopping {
            min_epochs: 3,
            patience: 2,
            tolerance: 0.1,
        };
        let stops = |accuracies: &[f32]| {
            let mut patience = Patience::default();
            let mut epochs = accuracies.iter().enumerate();
            epochs.position(|(epoch, accuracy)| patience.is_over(rule, epoch, *accuracy))
        };
        assert_eq!(stops(&[0.5, 0.6, 0.7, 0.8]), None);
        assert_eq!(
            stops(&[0.5, 0.54, 0.54, 0.9]),
            Some(2),
            "a rise of 8 % is none"
        );
        assert_eq!(stops(&[0.5, 0.4, 0.6, 0.5, 0.5]), Some(4));
        assert_eq!(stops(&[0.0, 0.0, 0.0]), Some(2), "not before three epochs");
    }
}
