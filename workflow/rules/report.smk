# The report: a page for each part of the study, and what a study says about itself to others.


rule describe_study:
    output:
        "<results>/{part}tables/study.json",
    log:
        "<logs>/{part}tables/describe_study.log",
    localrule: True
    conda:
        "../../envs/analysis.yaml"
    params:
        config=lambda wildcards: shlex.quote(json.dumps(part_config(wildcards.part))),
        grading=shlex.quote(json.dumps(GRADING)),
        cells=lambda wildcards: [cell.path for cell in PARTS[wildcards.part].cells],
        missing=lambda wildcards: [cell.path for cell in PARTS[wildcards.part].missing],
        code=code_of("describe_study"),
    shell:
        "python workflow/scripts/describe_study.py"
        " --config {params.config}"
        " --grading {params.grading}"
        " --cells {params.cells}"
        " --missing {params.missing}"
        " --output {output}"
        " > {log} 2>&1"


rule write_report:
    input:
        description="<results>/{part}tables/study.json",
        tables=lambda wildcards: csv_tables(wildcards.part),
        figures=lambda wildcards: drawn_figures(wildcards.part),
        template="workflow/report/page.html.j2",
        looks=LOOKS,
    output:
        "<results>/{part}report.html",
    log:
        "<logs>/{part}report.log",
    conda:
        "../../envs/analysis.yaml"
    params:
        results=lambda wildcards: RESULTS,
        # Read where it is there: the page does not ask for it.
        sensitivity=lambda wildcards: [digest_of(path) for path in grader_tables(wildcards.part) if path.is_file()],
        code=code_of("write_report", *REPORT_CODE),
    shell:
        "python workflow/scripts/write_report.py"
        " --description {input.description}"
        " --tables {input.tables}"
        " --figures {input.figures}"
        " --results {params.results}"
        " --captions workflow/report"
        " --template {input.template}"
        " --output {output}"
        " > {log} 2>&1"


rule report_html:
    input:
        f"<results>/{BASE}report.html",
