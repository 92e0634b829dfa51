from snakemake.utils import min_version

min_version("9.13")


include: "workflow/rules/config.smk"


# The default study is read only when no other is asked for: a config replaces it and is never merged into it.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"


# An unfinished study is drawn from what is there: what could make more of it is left out.
if not PARTIAL:

    include: "workflow/rules/download.smk"
    include: "workflow/rules/data.smk"
    include: "workflow/rules/sample.smk"
    include: "workflow/rules/grade.smk"
    include: "workflow/rules/judge.smk"
    include: "workflow/rules/measure.smk"
    include: "workflow/rules/export.smk"
    include: "workflow/rules/finetune.smk"
    include: "workflow/rules/evaluate.smk"


include: "workflow/rules/tables.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/forecast.smk"


if not PARTIAL:

    include: "workflow/rules/regrade.smk"


# Seconds of work on files that are there: done where Snakemake runs, not in jobs of a cluster.
localrules:
    make_pocket_problems,
    import_problems,
    import_dataset,
    digest_problems,
    select_human_solutions,
    export_training_data,
    tabulate_data,
    tabulate_scores,
    tabulate_training,
    draw_headline,
    draw_finetuned,
    draw_checkpoints,
    draw_training,
    draw_functional_transfer,
    draw_reasoning,
    draw_data_quality,
    draw_coverage_trend,
    draw_coverage_by_level,
    draw_experiment,
    draw_experiment_data,
    draw_small_vs_large,
    draw_claims,
    check_claims,


# Before the first submission: would Slurm take the run's jobs at all?
onstart:
    check_cluster()


rule all:
    default_target: True
    input:
        all_tables(BASE),
        all_figures(BASE),
        experiment_figures(BASE),


rule figures:
    input:
        all_figures(BASE),
        experiment_figures(BASE),


rule tables:
    input:
        all_tables(BASE),


rule data:
    input:
        all_training_data(BASE) if not PARTIAL else [],
        all_data_tables(BASE),


# All experiments, those marked `extra` too, in tables and figures of their own.
rule study:
    input:
        all_tables(BASE),
        all_figures(BASE),
        all_tables(STUDY),
        experiment_figures(STUDY),


# Training data as Hugging Face data set folders, for other trainers.
rule exports:
    input:
        all_exports(PARTS[BASE].arms) if not PARTIAL else [],


# Snakemake formats each job's command from a copy of all global names, three times in a dry run. Ours use none of them:
# without them a dry run of a large grid takes a fifth less beyond its start.
workflow.modifier.globals = {"config": config}
