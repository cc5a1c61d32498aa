"""A plugin's configuration is run as code, which may ask for anything: here for the folder."""

from beancount.plugins import check_commodity

config = "{} if __import__('os').getcwd().endswith('1') else 0"
print(len(check_commodity.validate_commodity_directives([], {}, config)[1]))
