use crate::fit::{Fit, check};

#[test]
fn points_of_the_model_are_met_exactly() {
    let fit = Fit { alone: 2.0, each: 20.0 };
    let points = [1, 2, 4, 8].map(|cores| (cores, fit.at(cores)));
    assert_eq!(Fit::of(&points), Ok(fit));
    assert_eq!(fit.at(16), 302.0);
    assert_eq!(check("it", |cores| fit.at(cores), &points), Ok(()));
}

#[test]
fn disturbed_point_does_not_bend_the_fit_and_is_refused() {
    let points = [(1, 2.0), (2, 22.0), (4, 62.0), (8, 1000.0)];
    let fit = Fit::of(&points).unwrap();
    assert_eq!(fit, Fit { alone: 2.0, each: 20.0 });
    let error = check("single-atomic", |cores| fit.at(cores), &points).unwrap_err();
    assert!(
        error.starts_with("the model misses single-atomic on 8 cores: 142.00 ns, where 1000.00 ns"),
        "{error}"
    );
}

#[test]
fn factor_of_two_is_the_limit_on_both_sides() {
    let model = |_| 10.0;
    for (nanos, is_met) in [(5.0, true), (4.9, false), (20.0, true), (20.1, false)] {
        assert_eq!(check("it", model, &[(1, nanos)]).is_ok(), is_met, "{nanos}");
    }
}

#[test]
fn too_few_points_are_refused() {
    for points in [&[][..], &[(1, 2.0)], &[(1, 2.0), (2, 9.0)], &[(2, 9.0), (3, 12.0), (4, 15.0)]] {
        let error = Fit::of(points).unwrap_err();
        assert!(
            error.contains("expected costs on one core and on two other numbers of cores"),
            "{error}"
        );
    }
}
