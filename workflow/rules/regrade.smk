# How much hangs on the grader: all stored answers once more under the other mode, in a folder of their own, and what comes of
# that beside the study. Nothing is sampled or trained anew: the training data stay as they were chosen.


use rule grade_solutions as regrade_solutions with:
    output:
        "<regraded>/verdicts/{dataset}/{model}/{block}.jsonl",
    log:
        "<regraded_logs>/verdicts/{dataset}/{model}/{block}.log",
    params:
        grader=GRADING | {"mode": OTHER_MODE},


use rule check_reasoning as recheck_reasoning with:
    input:
        problems="<results>/problems/{dataset}/train.jsonl",
        solutions="<results>/solutions/{dataset}/{model}/{block}.jsonl",
        verdicts="<regraded>/verdicts/{dataset}/{model}/{block}.jsonl",
    output:
        "<regraded>/reasoning/{dataset}/{model}/{block}.jsonl",
    log:
        "<regraded_logs>/reasoning/{dataset}/{model}/{block}.log",


use rule measure_arm as remeasure_arm with:
    input:
        blocks=regraded(arm_files("solutions", "verdicts", "reasoning")),
        problems="<results>/problems/{dataset}/train.jsonl",
        counts="<results>/training_data/{dataset}/{budget}/from-{source}.counts.json",
    output:
        measures="<regraded>/metrics/{dataset}/{budget}/from-{source}.csv",
        summary="<regraded>/metrics/{dataset}/{budget}/from-{source}.json",
        questions="<regraded>/metrics/{dataset}/{budget}/from-{source}.questions.csv",
    log:
        "<regraded_logs>/metrics/{dataset}/{budget}/from-{source}.log",
    params:
        arm=regraded(arm_arguments),
        folders=regraded(arm_folders("solutions", "verdicts", "reasoning")),


use rule measure_pool as remeasure_pool with:
    input:
        blocks=regraded(pool_files("solutions", "verdicts", "reasoning")),
        problems="<results>/problems/{dataset}/train.jsonl",
    output:
        "<regraded>/{part}metrics/{dataset}/pool-{model}.csv",
    log:
        "<regraded_logs>/{part}metrics/{dataset}/pool-{model}.log",
    params:
        folders=regraded(pool_folders("solutions", "verdicts", "reasoning")),


use rule score_model as rescore_model with:
    output:
        "<regraded>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}/scores.jsonl",
    log:
        "<regraded_logs>/scores/{dataset}/{budget}/from-{source}/to-{target}/seed-{seed}.log",
    params:
        benchmarks=regraded(template_per_dataset(benchmark_arguments)),


use rule tabulate_data as retabulate_data with:
    input:
        pools=lambda wildcards: expand(
            "<regraded>/{part}metrics/{pool}.csv", part=wildcards.part, pool=PARTS[wildcards.part].pool_names
        ),
        arms=lambda wildcards: expand(
            "<regraded>/metrics/{arm}.{kind}", arm=PARTS[wildcards.part].arm_names, kind=["csv", "json"]
        ),
    output:
        coverage="<regraded>/{part}tables/coverage.csv",
        diversity="<regraded>/{part}tables/diversity.csv",
        quality="<regraded>/{part}tables/data_quality.csv",
        arms="<regraded>/{part}tables/arms.csv",
    log:
        "<regraded_logs>/{part}tables/tabulate_data.log",
    params:
        pools=lambda wildcards: [
            f"{RESULTS}/{REGRADED}/{wildcards.part}metrics/{name}" for name in PARTS[wildcards.part].pool_names
        ],
        arms=lambda wildcards: [f"{RESULTS}/{REGRADED}/metrics/{name}" for name in PARTS[wildcards.part].arm_names],


use rule tabulate_scores as retabulate_scores with:
    input:
        scores=regraded(cell_scores),
        choices=lambda wildcards: [
            f"{RESULTS}/evaluations/{cell.path}/choice.json" for cell in PARTS[wildcards.part].cells
        ],
    output:
        finetuned="<regraded>/{part}tables/finetuned.csv",
        differences="<regraded>/{part}tables/differences.csv",
        checkpoints="<regraded>/{part}tables/checkpoints.csv",
    log:
        "<regraded_logs>/{part}tables/tabulate_scores.log",
    params:
        scores=lambda wildcards: f"{RESULTS}/{REGRADED}/scores",


use rule check_claims as recheck_claims with:
    input:
        rules="workflow/claims.yaml",
        published="resources/published_numbers.csv",
        scores=regraded(cell_scores),
        questions=lambda wildcards: expand(
            "<regraded>/metrics/{arm}.questions.csv", arm=PARTS[wildcards.part].arm_names
        ),
    output:
        claims="<regraded>/{part}tables/claims.csv",
        comparisons="<regraded>/{part}tables/claim_comparisons.csv",
    log:
        "<regraded_logs>/{part}tables/check_claims.log",
    params:
        scores=lambda wildcards: f"{RESULTS}/{REGRADED}/scores",
        metrics=lambda wildcards: f"{RESULTS}/{REGRADED}/metrics",


rule compare_grader_modes:
    input:
        here=lambda wildcards: csv_tables(wildcards.part),
        there=lambda wildcards: regraded([path.replace("<results>", RESULTS) for path in csv_tables(wildcards.part)]),
    output:
        values="<results>/{part}tables/grader_sensitivity.csv",
        claims="<results>/{part}tables/grader_claims.csv",
    log:
        "<logs>/{part}tables/compare_grader_modes.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        here=lambda wildcards: f"{RESULTS}/{wildcards.part}",
        there=lambda wildcards: f"{RESULTS}/{REGRADED}/{wildcards.part}",
        code=code_of("compare_studies", "comparing"),
    shell:
        "python workflow/scripts/compare_studies.py"
        " --here {params.here}"
        " --there {params.there}"
        " --comparison {output.values}"
        " --claims {output.claims}"
        " > {log} 2>&1"


rule grader_sensitivity:
    input:
        f"<results>/{BASE}tables/grader_sensitivity.csv",
