# Two studies side by side: `snakemake compare --config other=results/<folder>`.


rule compare_studies:
    input:
        description="<results>/{part}tables/study.json",
        tables=lambda wildcards: csv_tables(wildcards.part),
        others=lambda wildcards: sorted(map(str, Path(OTHER).glob("tables/*.csv"))),
        template="workflow/report/compare.html.j2",
        looks=LOOKS,
    output:
        comparison="<results>/{part}compare/{other}/comparison.csv",
        claims="<results>/{part}compare/{other}/claims.csv",
        page="<results>/{part}compare/{other}/compare.html",
        pdf="<results>/{part}compare/{other}/comparison.pdf",
        png="<results>/{part}compare/{other}/comparison.png",
    log:
        "<logs>/{part}compare/{other}.log",
    wildcard_constraints:
        other=r"[^/]+",
    conda:
        "../../envs/analysis.yaml"
    params:
        here=lambda wildcards: f"{RESULTS}/{wildcards.part}".rstrip("/"),
        there=lambda wildcards: shlex.quote(OTHER),
        code=code_of("compare_studies", "comparing", "plots_comparison", "plots", *REPORT_CODE),
    shell:
        "python workflow/scripts/compare_studies.py"
        " --here {params.here}"
        " --there {params.there}"
        " --comparison {output.comparison}"
        " --claims {output.claims}"
        " --figure-pdf {output.pdf}"
        " --figure-png {output.png}"
        " --template {input.template}"
        " --page {output.page}"
        " > {log} 2>&1"


rule compare:
    input:
        compared_page,
