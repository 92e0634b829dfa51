from snakemake.utils import min_version

min_version("9.13")


# The default study is read only when no other is asked for: a config replaces it and is never merged into it.
if not workflow.overwrite_configfiles:

    configfile: "config/config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/sample.smk"
include: "workflow/rules/grade.smk"
include: "workflow/rules/judge.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/finetune.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/forecast.smk"


rule all:
    default_target: True
    input:
        all_tables(),
        all_figures(),


rule figures:
    input:
        all_figures(),


rule tables:
    input:
        all_tables(),


rule data:
    input:
        all_training_data(),
        all_data_tables(),
