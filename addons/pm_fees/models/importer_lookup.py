"""What several sheets of fees look up: fee items by code, units by property and code."""


def find_fee_items(importer, rows, report):
    """Fee items of the company named by the rows; rows with an unknown one are refused."""
    found = {
        item.code: item
        for item in importer.env["pm.fee.item"].search(
            [("company_id", "=", importer.env.company.id), ("code", "in", list({row["item"] for row in rows}))]
        )
    }
    for row in rows:
        if row["item"] not in found:
            report.error(
                row,
                "item",
                importer.env._("Fee item “%s” is unknown.", row["item"]),
                importer.env._("Load the fee items first, or correct the code."),
            )
    return found


def find_units(importer, rows, properties, report):
    """Units named by the good rows, by property and code; rows with an unknown one are refused."""
    return importer._by_property(
        "pm.unit",
        report.good(rows),
        "unit",
        properties,
        report,
        lambda value: importer.env._("Unit “%s” is unknown.", value),
        importer.env._("Check the unit code, or load the units first."),
        by_name=False,
    )
