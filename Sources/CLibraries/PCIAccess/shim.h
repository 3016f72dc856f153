#pragma once
#include <pciaccess.h>
