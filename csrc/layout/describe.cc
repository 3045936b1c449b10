// Prints the layout of the records that cross to JavaScript, and the numbers in them, as JSON:
//   { [record]: { size, fields: { [field]: { offset, size } } },
//     [enumeration]: { [name]: number } }
// Sizes and offsets are in bytes. scripts/layout compiles and runs this.
#include <cstdio>
#include <utility>

#include "binding/layout_tables.h"

namespace {

// Between the members of an object.
class Comma {
 public:
  const char* next() { return std::exchange(text_, ","); }

 private:
  const char* text_ = "";
};

void print(const binding::Record& record) {
  std::printf(R"("%s":{"size":%zu,"fields":{)", record.name, record.size);
  Comma comma;
  for (const binding::Field& each : record.fields) {
    std::printf(R"(%s"%s":{"offset":%zu,"size":%zu})", comma.next(), each.name, each.offset,
                each.size);
  }
  std::printf("}}");
}

void print(const binding::Enumeration& enumeration) {
  std::printf(R"("%s":{)", enumeration.name);
  Comma comma;
  for (const binding::Number& each : enumeration.numbers) {
    std::printf(R"(%s"%s":%u)", comma.next(), each.name, each.value);
  }
  std::printf("}");
}

}  // namespace

int main() {
  const binding::LayoutTables all[] = {binding::ipvs_layout(), binding::connections_layout(),
                                       binding::links_layout()};
  Comma comma;
  std::printf("{");
  for (const binding::LayoutTables& tables : all) {
    for (const binding::Record& each : tables.records) {
      std::printf("%s", comma.next());
      print(each);
    }
  }
  for (const binding::LayoutTables& tables : all) {
    for (const binding::Enumeration& each : tables.enumerations) {
      std::printf("%s", comma.next());
      print(each);
    }
  }
  std::printf("}\n");
}
