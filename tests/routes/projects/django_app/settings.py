ROOT_URLCONF = "site_urls"
SECRET_KEY = "x"
BASE = "base/"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.admin", "rest_framework"]
REST_FRAMEWORK = {"DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination", "PAGE_SIZE": 20}
TEMPLATES = []
