{
    "name": "Property Management: SMS by Aliyun",
    "summary": "Sends the messages' SMS through Aliyun: approved templates, delivery reports, nothing twice",
    "version": "19.0.1.0.0",
    "category": "Real Estate",
    "author": "pm contributors",
    "license": "AGPL-3",
    "depends": ["pm_base"],
    "external_dependencies": {"python": ["requests"]},
    "data": [
        "security/ir.model.access.csv",
        "security/aliyun_rules.xml",
        "data/ir_cron.xml",
        "views/pm_sms_aliyun_template_views.xml",
        "views/pm_sms_aliyun_send_views.xml",
        "views/res_config_settings_views.xml",
        "views/menus.xml",
    ],
}
